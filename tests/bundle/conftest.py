"""A log for the tests of bundles, on both stores."""

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
def postgres_log_url(postgres: PostgresServer) -> Iterator[str]:
    with postgres.database() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
async def log(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AuditLog]:
    """An open, empty log."""
    sqlite = request.param == "sqlite"
    url = new_database(tmp_path) if sqlite else str(request.getfixturevalue("postgres_log_url"))
    async with opened(url) as audit_log:
        yield audit_log
