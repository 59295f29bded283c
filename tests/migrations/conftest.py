from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from server.audit.store import sqlite_url
from tests.audit.stores import PostgresServer


@pytest.fixture(params=["sqlite", "postgresql"])
def bare_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without any table, on each store."""
    with ExitStack() as stack:
        if request.param == "sqlite":
            yield sqlite_url(tmp_path / "log.db")
        else:
            server: PostgresServer = request.getfixturevalue("postgres")
            yield stack.enter_context(server.database(migrated=False))
