"""A log in one SQLite file: the embedded default. One process writes; any number of them read."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from core.errors import ConfigurationError, Unavailable
from server.audit.store.base import Dialect
from server.audit.store.faults import RETRY_AFTER, faults
from server.audit.store.writer_lock import WriterLock

_SYNCHRONOUS_FULL = 2
_PAUSE = 0.01
# Keys of requests are random: each batch touches pages all over their index, and a page that was touched four times
# between two checkpoints is copied once. Measured at 10⁵ entries, beside SQLite's own 1,000 pages and 2 MB: a fifth
# less is written, and an append costs a quarter less processor time.
_CHECKPOINT_PAGES = 4000
_CACHE_KIB = 64 << 10
# Which file a connection has open, as (device, inode): a path may come to mean another one.
_FILE = "audit.file"


class SqliteStore:
    """The store of one file (see `base.Store`).

    create: make the file if there is none; without it ConfigurationError. readers: connections that read.
    timeout: seconds to wait for a foreign lock on the file, or for a connection.
    """

    def __init__(self, path: Path, *, create: bool, readers: int, timeout: float) -> None:
        if not create and not path.exists():
            raise ConfigurationError(f"there is no database at {path}; run `countersign db upgrade`")
        if create:
            _make(path)
        self._path = path
        self._lock = WriterLock(path)
        mode = "rwc" if create else "rw"
        self._writer = _engine(path, mode, "BEGIN IMMEDIATE", timeout=timeout, connections=1, query_only=False)
        self._reader = _engine(path, mode, "BEGIN", timeout=timeout, connections=readers, query_only=True)

    @property
    def dialect(self) -> Dialect:
        """Which store it is."""
        return "sqlite"

    @property
    def mark(self) -> Path | None:
        """Beside the database."""
        return mark_path(self._path)

    @property
    def rendezvous(self) -> Path | None:
        """Beside the database too."""
        return self._path.with_name(self._path.name + ".socket")

    def claim(self) -> bool:
        """Take the right to write; False while another process has it."""
        with faults():
            return self._lock.take()

    def release(self) -> None:
        """Give the right to write back."""
        self._lock.release()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that holds the file's write lock from its first statement."""
        if not self._lock.held:
            raise Unavailable("another process writes the audit log", retry_after=RETRY_AFTER)
        with faults(), self._writer.connect() as connection:
            self._assert_same_file(connection)
            with connection.begin():
                yield connection
                # SQLite would go on writing into a file that was removed, and acknowledge what nobody can read.
                self._assert_same_file(connection)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A snapshot of the committed log."""
        with faults(), self._reader.connect() as connection:
            self._assert_same_file(connection)
            with connection.begin():
                yield connection

    def assert_durable(self) -> None:
        """Asserted, not assumed: a file system without shared memory, for one, silently refuses WAL."""
        with self.writing() as connection:
            journal = connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()
            synchronous = connection.exec_driver_sql("PRAGMA synchronous").scalar_one()
        if journal != "wal" or synchronous != _SYNCHRONOUS_FULL:
            raise ConfigurationError(
                f"{self._path} runs with journal_mode={journal}, synchronous={synchronous}; the log needs wal and 2"
            )

    def assert_writable(self) -> None:
        """Writes SQLite's user_version again as it is. A row with its old content would not be written at all."""
        with self.writing() as connection:
            version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
            connection.exec_driver_sql(f"PRAGMA user_version = {int(version)}")

    def close(self) -> None:
        """Give back connections and the right to write."""
        self._writer.dispose()
        self._reader.dispose()
        self._lock.release()

    def _assert_same_file(self, connection: Connection) -> None:
        if connection.info[_FILE] != _identity(self._path):
            connection.invalidate()
            raise Unavailable("the audit log's database was removed or replaced", retry_after=RETRY_AFTER)


def _engine(path: Path, mode: str, begin: str, *, timeout: float, connections: int, query_only: bool) -> Engine:
    """mode: "rw" never creates a file, "rwc" does. begin: the statement that opens a transaction."""
    target = f"file:{quote(str(path))}?mode={mode}"

    def connect() -> sqlite3.Connection:
        # isolation_level=None keeps the driver from opening transactions of its own: `begin` alone does.
        return sqlite3.connect(target, uri=True, timeout=timeout, isolation_level=None, check_same_thread=False)

    # hide_parameters: faults are written to logs, and leaves and names of people are parameters.
    engine = create_engine(
        "sqlite://",
        creator=connect,
        poolclass=QueuePool,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=timeout,
        hide_parameters=True,
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, record: ConnectionPoolEntry) -> None:
        before = _identity(path)
        _use_wal(connection, timeout)
        connection.execute("PRAGMA synchronous=FULL")
        # What is deleted is to be gone: without this its bytes stay in the file until they are written over by chance.
        connection.execute("PRAGMA secure_delete=ON")
        connection.execute(f"PRAGMA query_only={int(query_only)}")
        if not query_only:
            connection.execute(f"PRAGMA wal_autocheckpoint={_CHECKPOINT_PAGES}")
            connection.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
        record.info[_FILE] = _identity(path)
        if before not in (None, record.info[_FILE]):
            raise OSError(f"{path} was replaced while it was opened")

    @event.listens_for(engine, "begin")
    def open_transaction(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _make(path: Path) -> None:
    """An empty file, unless there is one, for its owner only: it will hold names and words of people. SQLite gives the
    files beside it the same rights.
    """
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise ConfigurationError(f"the database {path} cannot be used: {error.strerror}") from error


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def mark_path(database: Path) -> Path:
    """Where the mark of an SQLite database lies: beside it, so that both are moved and put back together."""
    return database.with_name(database.name + ".checkpoint")


def _use_wal(connection: sqlite3.Connection, timeout: float) -> None:
    """Switch the file to WAL. SQLite does not wait for others there, whatever timeout it was given, so we do.

    timeout: seconds.
    """
    end = time.monotonic() + timeout
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(_PAUSE)
