"""Clocks step back. The order of the log holds, and lists stay whole."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from server.audit import AuditLog, Filter
from server.audit.fsck import fsck
from tests.audit.making import VKEY, decision, opened

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Clock:
    """Goes a millisecond further each time it is asked, from wherever it is set."""

    def __init__(self) -> None:
        self.time = NOON

    def __call__(self) -> datetime:
        self.time += timedelta(milliseconds=1)
        return self.time


async def recorded(log: AuditLog, numbers: range) -> list[int]:
    return [(await log.append(decision(number))).index for number in numbers]


async def pages(log: AuditLog, size: int) -> list[int]:
    """Indexes of the whole list."""
    found: list[int] = []
    token = ""
    while True:
        page = await log.list("acme", Filter(), size, token)
        found += [each.index for each in page.items]
        token = page.next_page_token
        if not token:
            return found


async def test_indexes_grow_while_times_step_back(url: str) -> None:
    clock = Clock()
    async with opened(url, clock=clock) as log:
        assert await recorded(log, range(10)) == list(range(10))
        clock.time -= timedelta(hours=1)
        assert await recorded(log, range(10, 20)) == list(range(10, 20))
        clock.time += timedelta(hours=2)
        assert await recorded(log, range(20, 30)) == list(range(20, 30))
        # Lists go by time: what was recorded in the hour that came twice stands below what the clock showed before.
        assert await pages(log, 7) == [*range(29, 19, -1), *range(9, -1, -1), *range(19, 9, -1)]
        early = await log.list("acme", Filter(until=NOON), 50)
        assert [each.index for each in early.items] == list(range(19, 9, -1))
        times = [(await log.get("acme", each.decision_id)).recorded_at for each in early.items]
        assert times == sorted(times, reverse=True)
    assert fsck(url, VKEY).ok


async def test_a_list_stays_whole_while_it_is_paged_through_a_step_back(url: str) -> None:
    clock = Clock()
    async with opened(url, clock=clock) as log:
        before = await recorded(log, range(30))
        found: list[int] = []
        token, number = "", 100
        while True:
            page = await log.list("acme", Filter(), 4, token)
            found += [each.index for each in page.items]
            token = page.next_page_token
            if not token:
                break
            # Between two pages the clock steps back, past what was listed already, and something is recorded.
            clock.time = NOON - timedelta(minutes=number)
            await recorded(log, range(number, number + 1))
            number += 1
        assert [index for index in found if index in before] == before[::-1]
        assert len(found) == len(set(found))
        assert sorted(await pages(log, 5)) == list(range(30 + number - 100))


async def test_following_goes_by_the_log_and_not_by_the_clock(url: str) -> None:
    clock = Clock()
    async with opened(url, clock=clock) as log:
        await recorded(log, range(5))
        clock.time -= timedelta(days=1)
        await recorded(log, range(5, 10))
        seen = []
        async for each in log.follow("acme", Filter(), -1):
            seen.append(each.index)
            if len(seen) == 10:
                break
        assert seen == list(range(10))


async def test_a_restart_with_an_earlier_clock_goes_on(url: str) -> None:
    clock = Clock()
    async with opened(url, clock=clock) as log:
        await recorded(log, range(3))
    clock.time = NOON - timedelta(days=365)
    async with opened(url, clock=clock) as log:
        again = await log.append(decision(1))
        assert (again.index, again.fresh) == (1, False)
        assert await recorded(log, range(3, 6)) == [3, 4, 5]
        assert await pages(log, 2) == [2, 1, 0, 5, 4, 3]
    assert fsck(url, VKEY).ok
