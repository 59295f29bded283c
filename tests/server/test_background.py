"""What runs beside the calls: that settings start it, and what is told when it ends."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from core.errors import ConfigurationError
from server.audit import Entry
from server.background import ask_outside, keep_retention, keep_running
from server.config import Settings
from server.metrics import Metrics
from server.sections import Retention, Timestamps, Witness
from tests.outside.processes import WitnessProcess
from tests.server.conftest import House

pytestmark = pytest.mark.asyncio(loop_scope="session")

WITNESS = Witness(url="http://127.0.0.1:1", key="not a key")


def running() -> set[str]:
    return {task.get_name() for task in asyncio.all_tasks()} & {"cosigner", "timestamper", "retention", "work"}


def nothing() -> None:
    """Nothing to scrub."""


async def test_nothing_runs_that_was_not_asked_for(house: House) -> None:
    async with AsyncExitStack() as stack:
        ask_outside(Settings(), house.log, house.metrics, stack)
        keep_retention(Settings(), house.log, nothing, stack)
        assert not running()


async def test_retention_is_kept_until_the_server_stops(house: House) -> None:
    settings = Settings(retention=(Retention(tenant="*", evidence_days=1),))
    async with AsyncExitStack() as stack:
        keep_retention(settings, house.log, nothing, stack)
        assert running() == {"retention"}
    assert not running()


async def test_the_configured_witness_vouches_for_the_log(house: House, tmp_path: Path) -> None:
    recorded = await house.log.append(Entry("decision", "acme", "a", "request-1", "", {"direction": "inbound"}))
    log_key = (await house.log.checkpoint()).log_key
    with WitnessProcess(tmp_path / "witness", "witness.example/one", log_key) as process:
        settings = Settings(witnesses=(Witness(url=process.url, key=process.key),))
        async with AsyncExitStack() as stack:
            ask_outside(settings, house.log, house.metrics, stack)
            async with asyncio.timeout(20):
                while not (await house.log.checkpoint()).witnessed:
                    await asyncio.sleep(0.05)
    receipt = await house.log.witnessed_receipt("acme", recorded.decision_id)
    assert "witness.example/one" in receipt.proof


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"witnesses": (WITNESS,)}, "key"),
        ({"timestamps": Timestamps(url="http://127.0.0.1:1", roots=Path("absent.pem"))}, "absent.pem"),
    ],
)
async def test_what_cannot_be_asked_stops_the_start(house: House, fields: dict[str, Any], named: str) -> None:
    async with AsyncExitStack() as stack:
        with pytest.raises(ConfigurationError, match=named):
            ask_outside(Settings(**fields), house.log, Metrics(), stack)


async def test_work_that_ends_by_itself_is_told() -> None:
    async def broken() -> None:
        raise ValueError("a defect")

    with capture_logs() as lines:
        async with AsyncExitStack() as stack:
            keep_running("work", broken(), stack)
            await asyncio.sleep(0.01)
    (line,) = lines
    assert (line["event"], line["task"], str(line["exc_info"])) == ("ended", "work", "a defect")


async def test_work_is_waited_for_when_it_is_stopped() -> None:
    closed = False

    async def careful() -> None:
        nonlocal closed
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.01)
            closed = True

    with capture_logs() as lines:
        async with AsyncExitStack() as stack:
            keep_running("work", careful(), stack)
            await asyncio.sleep(0)
    assert closed
    assert not lines
