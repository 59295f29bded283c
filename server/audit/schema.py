"""The schema's version: bringing a database up to date, and asserting that it is.

Alembic is configured here in code; the migrations are the package `migrations`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

import migrations
from core.errors import ConfigurationError
from server.audit.database import open_engine, sqlite_path

_LOCK_TIMEOUT = 30.0


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the database at `url` to `revision`, creating the file if there is none. Its directory exists.

    Safe to run twice and by two processes at once. ConfigurationError if the database cannot be upgraded.
    """
    with _migrating(url) as config:
        command.upgrade(config, revision)


def downgrade(url: str, revision: str) -> None:
    """Take the database back to `revision`. Loses what the newer tables hold; meant for an empty log."""
    with _migrating(url) as config:
        command.downgrade(config, revision)


def assert_current(connection: Connection) -> None:
    """Raise ConfigurationError unless the schema is the one that this release knows."""
    found = MigrationContext.configure(connection).get_current_heads()
    expected = tuple(ScriptDirectory.from_config(_config()).get_heads())
    if found != expected:
        raise ConfigurationError(
            f"the database has schema {', '.join(found) or 'none'}, this release needs {', '.join(expected)}; "
            "run `countersign db upgrade`"
        )


@contextmanager
def _migrating(url: str) -> Iterator[Config]:
    path = sqlite_path(url)
    engine = open_engine(
        path, mode="rwc", begin="BEGIN IMMEDIATE", timeout=_LOCK_TIMEOUT, connections=1, query_only=False
    )
    try:
        # One transaction around everything: a migration that fails leaves the database as it was.
        with engine.begin() as connection:
            config = _config()
            config.attributes["connection"] = connection
            yield config
    except SQLAlchemyError as error:
        raise ConfigurationError(f"the database at {path} cannot be migrated: {error}") from error
    finally:
        engine.dispose()


def _config() -> Config:
    config = Config()
    # configparser reads % as interpolation.
    location = str(Path(migrations.__path__[0])).replace("%", "%%")
    config.set_main_option("script_location", location)
    config.set_main_option("path_separator", "os")
    return config
