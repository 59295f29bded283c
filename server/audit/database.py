"""The log's database: engines, durability, transactions, and faults turned into `Unavailable`.

Everything that differs between SQLite and another store is here: how a connection is opened, what durability
means, and how one writer is made sure of. This module knows no table.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from core.errors import ConfigurationError, Unavailable

_RETRY_AFTER = 1.0
_SYNCHRONOUS_FULL = 2
# Which file a connection has open, as (device, inode): a path may come to mean another one.
_FILE = "audit.file"


def sqlite_path(url: str) -> Path:
    """The file that `url` names; ConfigurationError if it names none, or another kind of store."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise ConfigurationError(f"the database URL {url!r} cannot be read") from error
    if parsed.get_backend_name() != "sqlite":
        raise ConfigurationError(f"the audit log does not run on {parsed.get_backend_name()}; use sqlite:///PATH")
    if not parsed.database or parsed.database == ":memory:":
        raise ConfigurationError("the audit log needs a file: a log in memory is lost with the process")
    return Path(parsed.database).absolute()


def sqlite_url(path: Path) -> str:
    """The URL of an SQLite file."""
    return URL.create("sqlite", database=str(path.absolute())).render_as_string(hide_password=False)


def open_engine(path: Path, *, mode: str, begin: str, timeout: float, connections: int, query_only: bool) -> Engine:
    """An engine on an SQLite file.

    mode: "rw" never creates a file, "rwc" does. begin: the statement that opens a transaction, "BEGIN" or
    "BEGIN IMMEDIATE". timeout: seconds to wait for another writer's lock.
    """
    target = f"file:{quote(str(path))}?mode={mode}"

    def connect() -> sqlite3.Connection:
        # isolation_level=None keeps the driver from opening transactions of its own: `begin` alone does.
        return sqlite3.connect(target, uri=True, timeout=timeout, isolation_level=None, check_same_thread=False)

    engine = create_engine(
        "sqlite://", creator=connect, poolclass=QueuePool, pool_size=connections, max_overflow=0, pool_timeout=timeout
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, record: ConnectionPoolEntry) -> None:
        before = _identity(path)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(f"PRAGMA query_only={int(query_only)}")
        record.info[_FILE] = _identity(path)
        if before not in (None, record.info[_FILE]):
            raise OSError(f"{path} was replaced while it was opened")

    @event.listens_for(engine, "begin")
    def open_transaction(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


class Database:
    """One log's store: a writing engine with one connection and a reading engine with a few.

    Holds the right to write from construction until `close`: a second process, or a second log in this one, gets a
    ConfigurationError. Every method may raise Unavailable.
    """

    def __init__(self, url: str, *, readers: int, timeout: float) -> None:
        self.path = sqlite_path(url)
        if not self.path.exists():
            raise ConfigurationError(f"there is no database at {self.path}; run `countersign db upgrade`")
        self._lock = _take_lock(self.path)
        self._writer = open_engine(
            self.path, mode="rw", begin="BEGIN IMMEDIATE", timeout=timeout, connections=1, query_only=False
        )
        self._reader = open_engine(
            self.path, mode="rw", begin="BEGIN", timeout=timeout, connections=readers, query_only=True
        )

    def assert_durable(self) -> None:
        """Raise ConfigurationError unless a commit reaches the disk before it returns.

        Asserted, not assumed: a file system without shared memory, for one, silently refuses WAL.
        """
        with self.writing() as connection:
            journal = connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()
            synchronous = connection.exec_driver_sql("PRAGMA synchronous").scalar_one()
        if journal != "wal" or synchronous != _SYNCHRONOUS_FULL:
            raise ConfigurationError(
                f"{self.path} runs with journal_mode={journal}, synchronous={synchronous}; the log needs wal and 2"
            )

    def assert_writable(self) -> None:
        """Raise Unavailable unless a commit reaches the disk now: a full one goes on being read.

        Writes SQLite's user_version again as it is. A row with its old content would not be written at all.
        """
        with self.writing() as connection:
            version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
            connection.exec_driver_sql(f"PRAGMA user_version = {int(version)}")

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that holds the write lock from its first statement, committed when the block ends."""
        with _faults(), self._writer.connect() as connection:
            self._assert_same_file(connection)
            with connection.begin():
                yield connection
                # SQLite would go on writing into a file that was removed, and acknowledge what nobody can read.
                self._assert_same_file(connection)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A snapshot of the committed log."""
        with _faults(), self._reader.connect() as connection:
            self._assert_same_file(connection)
            with connection.begin():
                yield connection

    def close(self) -> None:
        """Give back connections and the right to write.

        A second call does nothing: the lock's number may be another file's by then.
        """
        self._writer.dispose()
        self._reader.dispose()
        lock, self._lock = self._lock, -1
        if lock >= 0:
            os.close(lock)

    def _assert_same_file(self, connection: Connection) -> None:
        if connection.info[_FILE] != _identity(self.path):
            connection.invalidate()
            raise Unavailable("the audit log's database was removed or replaced", retry_after=_RETRY_AFTER)


@contextmanager
def _faults() -> Iterator[None]:
    """Faults of the store, by whatever name, become Unavailable; its text stays out of the answer to the caller."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        raise Unavailable("the audit log's database cannot be used", retry_after=_RETRY_AFTER) from error


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _take_lock(path: Path) -> int:
    """An advisory lock beside the database. The kernel drops it when its holder dies, however it dies."""
    descriptor = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise ConfigurationError(f"another process writes the log at {path}; SQLite takes exactly one") from error
    return descriptor
