"""The two stores as the benchmark needs them: fresh databases, their sizes, and their pages out of memory."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from sqlalchemy import Engine, create_engine, event, text

from server.audit.sql import schema
from server.audit.store import sqlite_path, sqlite_url
from tests.audit.power import control, own_server, start
from tests.audit.stores import PostgresServer


class Place(Protocol):
    """Where logs are measured. name: for people."""

    name: str

    def log(self) -> AbstractContextManager[str]:
        """The URL of an empty log's database, gone afterwards."""
        ...

    def size(self, url: str) -> int:
        """Bytes of the database on disk, write-ahead log not counted."""
        ...

    def forget(self, url: str) -> None:
        """Take the database's pages out of memory. Nobody is connected."""
        ...


class SqlitePlace:
    """Files in one folder."""

    name = "SQLite"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0

    @contextmanager
    def log(self) -> Iterator[str]:
        self._count += 1
        path = self._folder / f"log-{self._count}.db"
        schema.upgrade(sqlite_url(path))
        try:
            yield sqlite_url(path)
        finally:
            for file in self._folder.glob(f"{path.name}*"):
                file.unlink()

    def size(self, url: str) -> int:
        with engine_of(url) as engine, engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        return sqlite_path(url).stat().st_size

    def forget(self, url: str) -> None:
        path = sqlite_path(url)
        for file in path.parent.glob(f"{path.name}*"):
            drop_pages(file)


class PostgresPlace:
    """Databases on a server of their own."""

    name = "PostgreSQL"

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        with server.database() as empty:
            self._empty = self._bytes(empty)

    def log(self) -> AbstractContextManager[str]:
        return self._server.database()

    def size(self, url: str) -> int:
        """Without what an empty database has."""
        return self._bytes(url) - self._empty

    def forget(self, url: str) -> None:
        """Buffers of the server go with it, pages of its files one by one."""
        control(self._server, "--mode", "fast", "stop")
        for file in (self._server.directory / "base").rglob("*"):
            if file.is_file():
                drop_pages(file)
        start(self._server)

    def _bytes(self, url: str) -> int:
        with engine_of(url) as engine, engine.connect() as connection:
            return int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one())


@contextmanager
def places(names: list[str], folder: Path) -> Iterator[list[Place]]:
    """The stores of those names."""
    with own_server() as server:
        every: list[Place] = [SqlitePlace(folder), PostgresPlace(server)]
        yield [place for place in every if place.name.lower() in names]


@contextmanager
def engine_of(url: str) -> Iterator[Engine]:
    """A plain engine whose commits reach the disk: the store, and nothing of ours around it."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"), pool_size=1)
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def durable(connection: sqlite3.Connection, _: object) -> None:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")

    try:
        yield engine
    finally:
        engine.dispose()


def drop_pages(file: Path) -> None:
    """Take a file out of the kernel's page cache: flush it first, or it stays."""
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)
