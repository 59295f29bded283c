"""A log with everything in it on each store, made once; copies of it to damage."""

from __future__ import annotations

import asyncio
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from server.audit.fsck import Outside, Report, fsck
from server.audit.sql.tables import metadata
from server.audit.store import sqlite_path, sqlite_url
from server.audit.store.sqlite import mark_path
from tests.audit.fsck.everything import Places, fill, outside
from tests.audit.making import VKEY, execute, new_database
from tests.audit.stores import PostgresServer
from tests.outside.authority import Tsa

TABLES = [*metadata.tables, "alembic_version"]


@dataclass(frozen=True)
class Log:
    """A database, what stands where in it, and whom to believe about it."""

    url: str
    at: Places
    outside: Outside

    @property
    def is_sqlite(self) -> bool:
        return self.url.startswith("sqlite")

    def examine(self) -> Report:
        return fsck(self.url, VKEY, outside=self.outside)

    def found(self) -> set[tuple[str, int | None]]:
        return {(each.what, each.index) for each in self.examine().damages}


@pytest.fixture(scope="session")
def tsa(tmp_path_factory: pytest.TempPathFactory) -> Tsa:
    return Tsa.make(tmp_path_factory.mktemp("time") / "authority")


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, tsa: Tsa) -> Iterator[Log]:
    """The sound log, closed. MUST NOT be changed."""
    if request.param == "sqlite":
        url = new_database(tmp_path_factory.mktemp("log"))
        yield Log(url, asyncio.run(fill(url, tsa)), outside(tsa))
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.database() as url:
        yield Log(url, asyncio.run(fill(url, tsa)), outside(tsa))


@pytest.fixture
def own_copy(whole: Log, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Log]:
    """A copy of which also the schema may be damaged."""
    if whole.is_sqlite:
        yield _copy_file(whole, tmp_path)
        return
    with _copied(whole, request.getfixturevalue("postgres")) as copied:
        yield copied


@pytest.fixture(scope="session")
def bench(whole: Log, request: pytest.FixtureRequest) -> Iterator[Log]:
    """A PostgreSQL database that is damaged and mended again and again: faster than a copy for each test."""
    if whole.is_sqlite:
        yield whole
        return
    with _copied(whole, request.getfixturevalue("postgres")) as copied:
        execute(copied.url, "CREATE SCHEMA saved")
        for table in TABLES:
            execute(copied.url, f"CREATE TABLE saved.{table} AS TABLE {table}")
        yield copied


@pytest.fixture
def copy(bench: Log, tmp_path: Path) -> Iterator[Log]:
    """A copy of which the rows may be damaged."""
    if bench.is_sqlite:
        yield _copy_file(bench, tmp_path)
        return
    yield bench
    execute(
        bench.url,
        "; ".join(f"DELETE FROM {each}; INSERT INTO {each} SELECT * FROM saved.{each}" for each in TABLES),  # noqa: S608
    )


def _copy_file(whole: Log, directory: Path) -> Log:
    path = sqlite_path(whole.url)
    shutil.copy(mark_path(path), directory)
    return replace(whole, url=sqlite_url(Path(shutil.copy(path, directory))))


@contextmanager
def _copied(whole: Log, server: PostgresServer) -> Iterator[Log]:
    name = f"copy_{uuid.uuid4().hex[:12]}"
    source = urlsplit(whole.url).path.removeprefix("/")
    server.execute("CREATE DATABASE {} TEMPLATE {} STRATEGY WAL_LOG", name, source)
    try:
        yield replace(whole, url=server.url(name))
    finally:
        server.execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
