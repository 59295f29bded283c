"""Several processes send one request at the same moment: one entry, and everybody is told of the same one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.audit.fsck import fsck
from tests.audit.making import VKEY
from tests.audit.processes import Writers, writers

REQUESTS = 20


@pytest.fixture(scope="module")
def parent() -> Iterator[Writers]:
    with writers() as started:
        yield started


@pytest.fixture
def crew(parent: Writers) -> Iterator[Writers]:
    """Processes are forked for each test; what they are forked from is started once."""
    yield parent
    parent.forget()


def race(crew: Writers, url: str, folder: Path, variants: list[int]) -> None:
    """One process for each of `variants`, all with the same request ids."""
    start = folder / "start"
    names = [f"request-{number}" for number in range(REQUESTS)]
    pids = [
        crew.start(do="race", url=url, run=f"racer{place}", start=str(start), names=names, variant=variant)
        for place, variant in enumerate(variants)
    ]
    for place in range(len(variants)):
        if ["ready", f"racer{place}"] not in crew.lines:
            crew.wait_for("ready", f"racer{place}")
    start.touch()
    for pid in pids:
        crew.wait_until_ended(pid)


@pytest.mark.parametrize("processes", [2, 4])
def test_one_request_from_several_processes_is_one_entry(
    crew: Writers, url: str, tmp_path: Path, processes: int
) -> None:
    race(crew, url, tmp_path, [1] * processes)
    told = crew.said("raced")
    assert not crew.said("conflict")
    assert len(told) == processes * REQUESTS
    places = {(name, index, decision_id) for _, index, decision_id, name, _, _ in told}
    assert len(places) == REQUESTS
    assert sum(int(fresh) for *_, fresh in told) == REQUESTS
    report = fsck(url, VKEY)
    assert report.ok, report.damages
    assert report.size == REQUESTS


@pytest.mark.parametrize("processes", [2, 4])
def test_of_different_requests_under_one_id_the_first_one_wins(
    crew: Writers, url: str, tmp_path: Path, processes: int
) -> None:
    race(crew, url, tmp_path, [1 + place % 2 for place in range(processes)])
    told, refused = crew.said("raced"), crew.said("conflict")
    assert len(told) + len(refused) == processes * REQUESTS
    winners = defaultdict(set)
    for _, index, decision_id, name, variant, _ in told:
        winners[name].add((index, decision_id, variant))
    assert len(winners) == REQUESTS
    assert all(len(each) == 1 for each in winners.values())
    # Whoever sent the same as the winner was told of its entry; everybody else was refused.
    assert len(refused) == REQUESTS * processes // 2
    assert fsck(url, VKEY).ok
