"""Every test that asks for `url` or `served` runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from core.sandbox import Sandbox
from server.provenance import Provenance
from tests.audit.stores import PostgresServer
from tests.server.policy.stations import Station, station


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'log.db'}"
        return
    postgres: PostgresServer = request.getfixturevalue("postgres")
    with postgres.database() as name:
        yield name


@pytest_asyncio.fixture(loop_scope="session")
async def served(tmp_path: Path, url: str, trusted: tuple[Sandbox, Provenance]) -> AsyncIterator[Station]:
    async with station(tmp_path / "one", url, trusted) as running:
        yield running
