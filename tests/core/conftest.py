"""Two sandboxes for the whole session, because starting one takes half a second."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from core.limits import Limits
from core.parsers.catalog import PARSERS
from core.sandbox import Sandbox
from tests.core import rogue

ROGUE_LIMITS = Limits(max_bytes=1 << 20, max_pixels=1 << 20, max_seconds=1.5, max_memory=700 << 20)


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def sandbox() -> AsyncIterator[Sandbox]:
    """Every parser of core, default limits."""
    async with await Sandbox.start(PARSERS) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def rogues() -> AsyncIterator[Sandbox]:
    """Hostile parsers beside the real one, small limits."""
    async with await Sandbox.start({"pixels": PARSERS["pixels"], **rogue.PARSERS}, ROGUE_LIMITS) as running:
        yield running
