"""SIGKILL in the middle of commits: nothing acknowledged is lost or moved, and the log goes on."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from server.audit.fsck import fsck
from tests.audit.making import VKEY, opened

ROOT = Path(__file__).parents[2]


def run_and_kill(url: str, name: str, seconds: float) -> dict[int, str]:
    """What a writer acknowledged before it was killed, decision ids by index."""
    command = [sys.executable, "-m", "tests.audit.writer", url, name]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        if process.stdout is None:
            raise RuntimeError("the writer has no output")
        first = process.stdout.readline()
        time.sleep(seconds)
        process.kill()
        lines = [first, *process.stdout.readlines()]
    return {int(index): decision_id for index, decision_id in (line.decode().split() for line in lines)}


async def survive(url: str, rounds: int) -> None:
    acknowledged: dict[int, str] = {}
    chance = random.Random(20261122)
    for number in range(rounds):
        fresh = run_and_kill(url, f"run{number}", chance.uniform(0.02, 0.4))
        assert fresh
        assert not fresh.keys() & acknowledged.keys()
        acknowledged |= fresh
        report = fsck(url, VKEY)
        assert report.ok, report.damages
        async with opened(url) as log:
            for index, decision_id in acknowledged.items():
                assert (await log.get("acme", decision_id)).index == index


async def test_nothing_acknowledged_is_lost_to_kill(url: str) -> None:
    await survive(url, rounds=3)


@pytest.mark.slow
async def test_nothing_acknowledged_is_lost_in_many_rounds(url: str) -> None:
    await survive(url, rounds=20)
