"""An output that counts as a copy of what its model learned from: policies may say what becomes of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from core.sandbox import Sandbox
from detectors.hash_list import HashList
from detectors.known_hash import KnownHashDetector
from policies.engine import load_policy
from policies.signals import declare
from server.policy.backtest.recorded import LeafReader
from server.provenance import Provenance
from tests.policies.fakes import document, rule
from tests.server.conftest import CALLER, House, build, leaf
from tests.server.fakes import Painter, RedDetector
from tests.server.painters import Studio
from tests.server.test_pipeline import order, silent

pytestmark = pytest.mark.asyncio(loop_scope="session")

SOURCES = (RedDetector(), KnownHashDetector(HashList()))
POLICY = document(
    rule(
        *("copies", "media.memorised", "block"),
        applies_to={"stage": "output"},
        when_missing="skip",
        skip_reason="Not every model compares.",
    )
)


@pytest_asyncio.fixture(loop_scope="session")
async def comparing(tmp_path: Path, trusted: tuple[Sandbox, Provenance]) -> AsyncIterator[House]:
    built = await build(tmp_path, trusted, policy=load_policy(POLICY, "p.yaml", SOURCES))
    yield built
    await built.engine.close()
    await built.log.close()


async def test_a_copy_can_be_kept_here(comparing: House) -> None:
    made = await comparing.pipeline.make(order(Studio()), CALLER, silent)
    entry = leaf(made.recorded)
    assert (made.output, entry["action"], entry["reasons"][0]["rule"]) == (None, "BLOCK", "copies")
    assert entry["making"]["notes"]["memorised"] == 1
    assert judged_again(entry) is True


async def test_what_nobody_compared_is_no_copy_and_no_original(comparing: House) -> None:
    made = await comparing.pipeline.make(order(Painter()), CALLER, silent)
    entry = leaf(made.recorded)
    assert entry["action"] == "ALLOW"
    assert "notes" not in entry["making"]
    assert judged_again(entry) is None


def judged_again(entry: dict[str, Any]) -> bool | None:
    """What a backtest reads from the record."""
    reader = LeafReader(["media.memorised"], declare(SOURCES), SOURCES)
    return reader.subject(entry, datetime.now(UTC)).memorised
