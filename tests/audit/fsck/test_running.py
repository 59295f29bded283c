"""Running it: beside a server, with somebody who watches or loses patience, and what it says to the operator."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from core.errors import Cancelled, ConfigurationError
from server.audit.fsck import fsck
from server.audit.operations import Erase
from server.audit.store import sqlite_url
from tests.audit.fsck.conftest import Log
from tests.audit.fsck.everything import SIZE, START
from tests.audit.making import VKEY, decision, intent, now, opened


async def test_it_runs_beside_a_log_that_goes_on(url: str) -> None:
    async with opened(url) as log:
        await asyncio.gather(*(log.append(decision(number)) for number in range(100)))
        running = asyncio.create_task(asyncio.to_thread(fsck, url, VKEY))
        number = 100
        while not running.done():
            await asyncio.gather(*(log.append(decision(each)) for each in range(number, number + 20)))
            await log.perform(Erase("acme", "staff", f"erase-{number}", f"person-{number % 2}"))
            number += 20
        report = await running
    assert report.ok, report.damages
    assert report.size >= 100


def test_a_log_that_was_never_opened_is_sound(url: str) -> None:
    report = fsck(url, VKEY)
    assert (report.ok, report.size) == (True, 0)


def test_who_watches_is_told_how_far_it_is(whole: Log) -> None:
    told: list[tuple[str, int, int]] = []
    fsck(whole.url, VKEY, progress=lambda what, done, size: told.append((what, done, size)))
    assert [each for each in told if each[2]] == [("the log", 0, SIZE), ("the log", 256, SIZE)]
    assert {what for what, _, _ in told} > {"the store", "the evidence", "the witnesses"}


@pytest.mark.parametrize("after", [0, 3, 6])
def test_it_can_be_cancelled_at_any_time(whole: Log, after: int) -> None:
    asked = 0

    def cancelled() -> bool:
        nonlocal asked
        asked += 1
        return asked > after

    with pytest.raises(Cancelled):
        fsck(whole.url, VKEY, cancelled=cancelled)


def test_a_long_statement_is_broken_off_too(whole: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite's own check of a large file takes minutes; it is asked in the middle of it."""
    if not whole.is_sqlite:
        return
    monkeypatch.setattr("server.audit.fsck._INSTRUCTIONS", 100)
    asked = 0

    def cancelled() -> bool:
        nonlocal asked
        asked += 1
        return asked > 5

    with pytest.raises(Cancelled):
        fsck(whole.url, VKEY, cancelled=cancelled)
    assert asked < 100


async def test_the_summary_tells_of_lost_work_and_of_what_was_forgotten(url: str) -> None:
    async with opened(url) as log:
        await log.append(intent(1))
        await log.append(intent(2))
        await log.append(decision(2))
        await log.append(decision(3, subject="gone"))
        await log.perform(Erase("acme", "staff", "erase-1", "gone"))
    fresh = fsck(url, VKEY).summary
    assert (fresh.orphaned, fresh.erased, fresh.expired) == (0, 1, 0)
    assert fsck(url, VKEY, now=now() + timedelta(days=2)).summary.orphaned == 1


def test_the_summary_counts_what_expired(whole: Log) -> None:
    report = fsck(whole.url, VKEY, now=START)
    assert (report.summary.orphaned, report.summary.erased, report.summary.expired) == (0, 1, 2)


def test_what_cannot_be_examined_is_said(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigurationError):
        fsck(sqlite_url(tmp_path / "none.db"), VKEY)
    with pytest.raises(ConfigurationError):
        fsck(url, "no key")
