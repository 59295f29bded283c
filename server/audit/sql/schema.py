"""The schema's version: bringing a database up to date, and asserting that this release can work with it.

Alembic is configured here in code; the migrations are the package `migrations`. A migration says in the table
`compatibility` which release it still tolerates, so that servers can be upgraded one by one.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, inspect, select

import migrations
from core.errors import ConfigurationError, Unavailable
from server.audit.sql.tables import compatibility
from server.audit.store import Store, open_store
from server.audit.store.faults import reason

_PATIENCE = 10.0
_POLL = 0.05


def upgrade(url: str, revision: str = "head", *, patience: float = _PATIENCE) -> None:
    """Bring the database at `url` to `revision`, creating an SQLite file if there is none. Its directory exists.

    One transaction: an upgrade that fails leaves the database as it was. Safe to run twice, and by two processes at
    once. What is fit for this release, a newer one's database that tolerates it included, is left alone. patience:
    seconds to wait for another upgrade, or for a server that writes the SQLite file. ConfigurationError if the
    database cannot be upgraded.
    """
    with _store(url) as store:
        if _is_fit(store):
            return
        _claim(store, patience)
        with store.writing() as connection:
            if misfit(connection) is not None:  # the upgrade that we waited for may have been this one
                command.upgrade(_config(connection), revision)


def downgrade(url: str, revision: str) -> None:
    """Take the database back to `revision`. Loses what the newer tables hold; meant for an empty log."""
    with _store(url) as store:
        _claim(store, patience=0.0)
        with store.writing() as connection:
            command.downgrade(_config(connection), revision)


def assert_current(connection: Connection) -> None:
    """Raise ConfigurationError unless this release can work with the schema."""
    if (problem := misfit(connection)) is not None:
        raise ConfigurationError(problem)


def misfit(connection: Connection) -> str | None:
    """Why this release cannot work with the schema; None if it can.

    It can work with its own, and with a newer one that says so.
    """
    found = MigrationContext.configure(connection).get_current_heads()
    scripts = ScriptDirectory.from_config(_config())
    known = {script.revision for script in scripts.walk_revisions()}
    if found == tuple(scripts.get_heads()):
        return None
    if not found or known.issuperset(found):
        return (
            f"the database has schema {', '.join(found) or 'none'}, this release needs "
            f"{', '.join(scripts.get_heads())}; run `countersign db upgrade`"
        )
    oldest = _oldest(connection)
    if oldest in known:
        return None
    return f"the database has schema {', '.join(found)} of a newer release, which needs at least {oldest or 'itself'}"


def is_own(connection: Connection) -> bool:
    """Whether the schema is the very one of this release, and not another one that it can work with."""
    heads = ScriptDirectory.from_config(_config()).get_heads()
    return MigrationContext.configure(connection).get_current_heads() == tuple(heads)


def _oldest(connection: Connection) -> str | None:
    """The oldest revision whose code the database tolerates, by its own word."""
    if not inspect(connection).has_table(compatibility.name):
        return None
    return connection.execute(select(compatibility.c.oldest).where(compatibility.c.id == 1)).scalar_one_or_none()


@contextmanager
def _store(url: str) -> Iterator[Store]:
    """The store at `url` without deadlines; its faults, and Alembic's, are the operator's to mend here."""
    with closing(open_store(url, create=True, readers=1, deadline=None)) as store:
        try:
            yield store
        except (Unavailable, CommandError) as error:
            raise ConfigurationError(f"the database cannot be migrated: {reason(error)}") from error


def _is_fit(store: Store) -> bool:
    """Asked before the right to write is taken: the schema of a log that another server writes may be fit already."""
    with store.reading() as connection:
        return misfit(connection) is None


def _claim(store: Store, patience: float) -> None:
    end = time.monotonic() + patience
    while not store.claim():
        if time.monotonic() >= end:
            raise ConfigurationError("another process writes this database; stop it before the schema is changed")
        time.sleep(_POLL)


def _config(connection: Connection | None = None) -> Config:
    """connection: what `migrations/env.py` works on."""
    config = Config(attributes={"connection": connection})
    # configparser reads % as interpolation.
    location = str(Path(migrations.__path__[0])).replace("%", "%%")
    config.set_main_option("script_location", location)
    config.set_main_option("path_separator", "os")
    return config
