"""Database URLs: which stores there are, and how to speak of one without telling its password."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from core.errors import ConfigurationError

ACCEPTED = "sqlite:///PATH or postgresql://USER@HOST/DATABASE"
_SQLITE = ("sqlite", "sqlite+pysqlite")
_POSTGRESQL = ("postgresql", "postgresql+psycopg", "postgres")


def parse_url(url: str) -> URL:
    """`url` with the driver that this server uses.

    The drivername of the answer is "sqlite" or "postgresql+psycopg". ConfigurationError names what is accepted, and
    MUST NOT repeat `url`: what cannot be read may hold a password anywhere.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # ValueError: a port that is no number
        raise ConfigurationError(f"the database URL cannot be read; use {ACCEPTED}") from None
    if parsed.drivername in _SQLITE:
        return parsed.set(drivername="sqlite")
    if parsed.drivername in _POSTGRESQL:
        # What stands behind a password's own "/" or "@" would pass for a database, and be printed as one.
        if "@" in f"{parsed.host}{parsed.database}":
            raise ConfigurationError(f"percent-encode the password in the database URL; use {ACCEPTED}")
        return parsed.set(drivername="postgresql+psycopg")
    raise ConfigurationError(f"the audit log does not run on {parsed.drivername}; use {ACCEPTED}")


def sqlite_path(url: str) -> Path:
    """The file that `url` names; ConfigurationError if it names none, or another kind of store."""
    parsed = parse_url(url)
    if parsed.drivername != "sqlite":
        raise ConfigurationError(f"{redacted(parsed)} is no file; use sqlite:///PATH")
    if not parsed.database or parsed.database == ":memory:":
        raise ConfigurationError("the audit log needs a file: a log in memory is lost with the process")
    return Path(parsed.database).absolute()


def sqlite_url(path: Path) -> str:
    """The URL of an SQLite file."""
    return URL.create("sqlite", database=str(path.absolute())).render_as_string(hide_password=False)


def redacted(url: URL) -> str:
    """`url` for messages to the operator, without password and options: options may hold passwords too."""
    return url.set(drivername=url.get_backend_name(), query={}).render_as_string(hide_password=True)
