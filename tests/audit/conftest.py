from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.audit import AuditLog
from tests.audit.making import new_database, opened


@pytest.fixture
def url(tmp_path: Path) -> str:
    """An empty log's database."""
    return new_database(tmp_path)


@pytest.fixture
async def log(url: str) -> AsyncIterator[AuditLog]:
    """An open, empty log."""
    async with opened(url) as audit_log:
        yield audit_log
