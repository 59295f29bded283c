"""Every test of the log that asks for `url` or `log` runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from server.audit import AuditLog
from tests.audit.making import new_database, opened
from tests.audit.stores import PostgresServer

# The laws hold at any speed; a deadline would test how busy the machine is.
settings.register_profile("any-speed", deadline=None)
settings.load_profile("any-speed")


@pytest.fixture
def sqlite_log_url(tmp_path: Path) -> str:
    """An empty log's SQLite database, for tests about its file."""
    return new_database(tmp_path)


@pytest.fixture
def postgres_log_url(postgres: PostgresServer) -> Iterator[str]:
    """An empty log's PostgreSQL database, for tests about its server."""
    with postgres.database() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """An empty log's database."""
    return str(request.getfixturevalue("sqlite_log_url" if request.param == "sqlite" else "postgres_log_url"))


@pytest.fixture
async def log(url: str) -> AsyncIterator[AuditLog]:
    """An open, empty log."""
    async with opened(url) as audit_log:
        yield audit_log
