"""Several processes on one SQLite file, and the one that writes is killed: another goes on, and nothing is lost."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from server.audit.fsck import fsck
from server.audit.store import sqlite_path
from tests.audit.making import VKEY, opened
from tests.audit.processes import Writers, writers

CALLERS = 8
# Lines of each process that are waited for before the next one is killed.
PROGRESS = 40


def who_writes(url: str, crew: Sequence[int]) -> int:
    """The process that holds the writer's lock, by the kernel's list of locks (proc_locks(5))."""
    lock = sqlite_path(url).with_name("log.db.lock").stat().st_ino
    for line in Path("/proc/locks").read_text().splitlines():
        _, kind, _, _, pid, place, *_ = line.split()
        if kind == "FLOCK" and place.endswith(f":{lock}") and int(pid) in crew:
            return int(pid)
    raise AssertionError("nobody writes")


async def take_turns(url: str, crew: Writers, processes: int, kills: int) -> None:
    runs: dict[int, str] = {}
    for number in range(kills):
        # 1. Everybody records, through whoever writes.
        while len(runs) < processes:
            run = f"run{number}.{len(runs)}"
            runs[crew.start(do="record", url=url, run=run, callers=CALLERS)] = run
            crew.wait_for("ready", run)
        for run in runs.values():
            for _ in range(PROGRESS):
                crew.wait_for("recorded", run)
        # 2. The one that writes dies in the middle of it; the next round waits for those that are left.
        killed = who_writes(url, [*runs])
        crew.kill(killed)
        del runs[killed]
        for run in runs.values():
            for _ in range(PROGRESS):
                crew.wait_for("recorded", run)
    for pid in runs:
        crew.kill(pid)


async def survive(url: str, processes: int, kills: int) -> None:
    with writers() as crew:
        await take_turns(url, crew, processes, kills)
        told = crew.said("recorded")
    acknowledged = {int(index): decision_id for _, index, decision_id, *_ in told}
    assert len(acknowledged) == len(told)
    report = fsck(url, VKEY)
    assert report.ok, report.damages
    async with opened(url) as log:
        for index, decision_id in acknowledged.items():
            assert (await log.get("acme", decision_id)).index == index


@pytest.mark.parametrize("processes", [2, 3])
async def test_another_process_takes_over_and_nothing_acknowledged_is_lost(sqlite_log_url: str, processes: int) -> None:
    await survive(sqlite_log_url, processes, kills=3)


@pytest.mark.slow
async def test_many_take_overs(sqlite_log_url: str) -> None:
    await survive(sqlite_log_url, processes=4, kills=25)
