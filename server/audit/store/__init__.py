"""The log's database, SQLite or PostgreSQL behind one interface (`base.Store`)."""

from __future__ import annotations

from pathlib import Path

from server.audit.store.base import Dialect, Store
from server.audit.store.postgresql import MARK_FILE, PostgresStore
from server.audit.store.sqlite import SqliteStore
from server.audit.store.urls import parse_url, redacted, sqlite_path, sqlite_url

__all__ = ["Dialect", "Store", "open_store", "parse_url", "redacted", "sqlite_path", "sqlite_url"]
_READERS = 4
_TIMEOUT = 5.0
_DEADLINE = 60.0


def open_store(
    url: str,
    *,
    mark_dir: Path | None = None,
    create: bool = False,
    readers: int = _READERS,
    timeout: float = _TIMEOUT,
    deadline: float | None = _DEADLINE,
) -> Store:
    """The store at `url`, `sqlite:///PATH` or `postgresql://…`; nobody has claimed the right to write yet.

    mark_dir: the directory of the high-water mark of a PostgreSQL log, of which none is kept without it; SQLite's lies
    beside the file. create: make the SQLite file if there is none; its directory exists. readers: connections that
    read. timeout: seconds to wait for a connection or a lock. deadline: seconds that one statement on PostgreSQL may
    take, None for as long as it takes. ConfigurationError where there is no such store.
    """
    parsed = parse_url(url)
    if parsed.drivername == "sqlite":
        return SqliteStore(sqlite_path(url), create=create, readers=readers, timeout=timeout)
    mark = None if mark_dir is None else mark_dir / MARK_FILE
    return PostgresStore(parsed, mark=mark, readers=readers, timeout=timeout, deadline=deadline)
