from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import settings

from server.audit import AuditLog
from tests.audit.making import new_database, opened

# The laws hold at any speed; a deadline would test how busy the machine is.
settings.register_profile("any-speed", deadline=None)
settings.load_profile("any-speed")


@pytest.fixture
def url(tmp_path: Path) -> str:
    """An empty log's database."""
    return new_database(tmp_path)


@pytest.fixture
async def log(url: str) -> AsyncIterator[AuditLog]:
    """An open, empty log."""
    async with opened(url) as audit_log:
        yield audit_log
