"""A log in a PostgreSQL database, on which several server processes may append at a time.

They take turns by an advisory lock that a writing transaction holds from its first statement. It lives in the server's
memory, ends with its transaction, and its queue is fair; it needs no row that would have to exist before.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from core.errors import ConfigurationError, Unavailable
from server.audit.store.base import Dialect
from server.audit.store.faults import RETRY_AFTER, faults, reason
from server.audit.store.session import Session, open_session
from server.audit.store.urls import redacted

_LOG = logging.getLogger(__name__)
MARK_FILE = "log.checkpoint"
# "countsig" in ASCII. Advisory locks belong to a database; another application in it is unlikely to use this number.
_WRITE_LOCK = 0x636F756E74736967
_SESSION = "audit.session"
# A server that vanished without a word is noticed within seconds, not after the kernel's quarter of an hour.
_LINE = {
    "application_name": "countersign",
    "client_encoding": "utf8",
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",
}


class PostgresStore:
    """The store of one database (see `base.Store`). url: as `urls.parse_url` returns it.

    mark: where the high-water mark is kept, or None. readers: connections that read. timeout: seconds to wait for a
    connection or a lock. deadline: seconds that a statement, or a pause within a writing transaction, may take; None
    for work that takes as long as it takes. ConfigurationError if the database cannot be reached.
    """

    def __init__(self, url: URL, *, mark: Path | None, readers: int, timeout: float, deadline: float | None) -> None:
        self._name = redacted(url)
        self._mark = mark
        limit = _milliseconds(deadline or 0)
        waits = {"lock_timeout": _milliseconds(timeout), "statement_timeout": limit}
        # A writer that was stopped, or cut off, must not hold the lock against the other servers.
        pauses = {"idle_in_transaction_session_timeout": limit}
        self._writer = _engine(url, waits | pauses, timeout=timeout, connections=1, read_only=False)
        self._reader = _engine(url, waits, timeout=timeout, connections=readers, read_only=True)
        self._known = self._first_session()

    @property
    def dialect(self) -> Dialect:
        """Which store it is."""
        return "postgresql"

    @property
    def mark(self) -> Path | None:
        """The file that was given: there is none beside this database."""
        return self._mark

    @property
    def rendezvous(self) -> Path | None:
        """None: every process writes."""
        return None

    def claim(self) -> bool:
        """True: every process may write."""
        return True

    def release(self) -> None:
        """Nothing to give back."""

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that holds the write lock; READ COMMITTED, so that it sees what was committed before it."""
        with faults(), self._writer.connect() as connection:
            self._assert_same_database(connection)
            with connection.begin():
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITE_LOCK})")
                yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A snapshot: REPEATABLE READ, READ ONLY, which never fails for what others do meanwhile."""
        with faults(), self._reader.connect() as connection:
            self._assert_same_database(connection)
            with connection.begin():
                yield connection

    def assert_durable(self) -> None:
        """Asserted, not assumed: `fsync=off` is a favourite of test set-ups, and a standby takes no entries."""
        with faults(), self._writer.connect() as connection:
            complaints = _session(connection).complaints()
        if complaints:
            raise ConfigurationError(f"{self._name} may lose what it acknowledged: {', '.join(complaints)}")

    def assert_writable(self) -> None:
        """Writes a temporary table: it takes new pages, where rewriting a row or the log of writes may need none."""
        with self.writing() as connection:
            if connection.exec_driver_sql("SHOW transaction_read_only").scalar_one() != "off":
                raise Unavailable("the audit log's database is read-only", retry_after=RETRY_AFTER)
            connection.exec_driver_sql(
                "CREATE TEMPORARY TABLE countersign_probe ON COMMIT DROP AS SELECT generate_series(1, 8192)"
            )

    def close(self) -> None:
        """Give back connections."""
        self._writer.dispose()
        self._reader.dispose()

    def _first_session(self) -> Session:
        try:
            with faults(), self._writer.connect() as connection:
                return _session(connection)
        except Unavailable as error:
            self.close()
            raise ConfigurationError(f"{self._name} cannot be used: {reason(error)}") from error

    def _assert_same_database(self, connection: Connection) -> None:
        """Every new connection may lead to another server: one that took over, or a copy that was put in its place."""
        session = _session(connection)
        if complaints := session.complaints():
            connection.invalidate()
            _LOG.error("%s may lose what it acknowledged: %s", self._name, ", ".join(complaints))
            raise Unavailable("the audit log's database is not durable", retry_after=RETRY_AFTER)
        if session.identity != self._known.identity:
            if session.opened > self._known.opened:
                # Once, and loudly. What it holds is verified by the appender before anything is appended to it.
                _LOG.error("%s is another database than before", self._name)
                self._known = session
            else:
                connection.invalidate()  # left over from the one before
            raise Unavailable("the audit log's database was replaced", retry_after=RETRY_AFTER)


def _engine(url: URL, timeouts: dict[str, int], *, timeout: float, connections: int, read_only: bool) -> Engine:
    line = {name: value for name, value in _LINE.items() if name not in url.query}
    # libpq knows whole seconds, and takes 0 for ever.
    line.setdefault("connect_timeout", str(max(2, round(timeout))))
    # hide_parameters: faults are written to logs, and leaves and names of people are parameters.
    engine = create_engine(
        url,
        connect_args=line,
        poolclass=QueuePool,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=timeout,
        isolation_level="REPEATABLE READ" if read_only else "READ COMMITTED",
        hide_parameters=True,
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: psycopg.Connection, record: ConnectionPoolEntry) -> None:
        connection.autocommit = True
        record.info[_SESSION] = open_session(connection, timeouts)
        connection.autocommit = False
        if read_only:
            connection.read_only = True

    return engine


def _session(connection: Connection) -> Session:
    found: Any = connection.info[_SESSION]
    if not isinstance(found, Session):
        raise TypeError("a connection was not prepared")
    return found


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
