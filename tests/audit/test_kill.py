"""SIGKILL in the middle of commits: nothing acknowledged is lost or moved, and the log goes on."""

from __future__ import annotations

import random
import time

import pytest
from sqlalchemy import select

from server.audit.fsck import fsck
from server.audit.sql.tables import entries
from server.audit.store import open_store
from tests.audit.making import VKEY, decision, opened
from tests.audit.processes import Writers, writers

PROCESSES = 2
CALLERS = 16


def stored(url: str) -> dict[int, str]:
    """Decision ids by index, as the database has them."""
    store = open_store(url)
    try:
        with store.reading() as connection:
            rows = connection.execute(select(entries.c.log_index, entries.c.decision_id)).all()
    finally:
        store.close()
    return {row.log_index: row.decision_id for row in rows}


def kill_a_round(crew: Writers, url: str, number: int, chance: random.Random) -> None:
    """Some processes record into one log, and are killed one after the other."""
    runs = [f"run{number}.{process}" for process in range(PROCESSES)]
    pids = [crew.start(do="record", url=url, run=run, callers=CALLERS) for run in runs]
    crew.wait_for("recorded")
    chance.shuffle(pids)
    for pid in pids:
        time.sleep(chance.uniform(0.005, 0.12))
        crew.kill(pid)


def acknowledged(crew: Writers) -> dict[int, tuple[str, str, int]]:
    """Decision id, request id and number by index."""
    found: dict[int, tuple[str, str, int]] = {}
    for _, index, decision_id, name, number in crew.said("recorded"):
        assert int(index) not in found, "two entries were acknowledged at one index"
        found[int(index)] = (decision_id, name, int(number))
    return found


async def survive(url: str, rounds: int) -> None:
    chance = random.Random(20261122)
    with writers() as crew:
        for number in range(rounds):
            before = len(crew.said("recorded"))
            kill_a_round(crew, url, number, chance)
            assert len(crew.said("recorded")) > before
            kept, there = acknowledged(crew), stored(url)
            assert {index: there.get(index) for index in kept} == {index: each[0] for index, each in kept.items()}
    report = fsck(url, VKEY)
    assert report.ok, report.damages
    async with opened(url) as log:
        for index, (decision_id, name, number) in chance.sample(sorted(kept.items()), 50):
            again = await log.append(decision(number, request_id=name))
            assert (again.index, again.decision_id, again.fresh) == (index, decision_id, False)
        assert (await log.append(decision(0, request_id="afterwards"))).index == report.size


async def test_nothing_acknowledged_is_lost_to_kill(url: str) -> None:
    await survive(url, rounds=20)


@pytest.mark.slow
async def test_nothing_acknowledged_is_lost_in_many_rounds(url: str) -> None:
    await survive(url, rounds=100)
