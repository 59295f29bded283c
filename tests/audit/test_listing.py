from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from core.errors import InvalidInput
from server.audit import AuditLog, Filter, ReviewState
from server.audit.reading import listing
from server.audit.sql import terms
from tests.audit.making import decision, opened

START = datetime(2026, 1, 1, tzinfo=UTC)


async def pages(log: AuditLog, wanted: Filter, size: int) -> list[list[str]]:
    """Request ids, page by page."""
    found, token = [], ""
    while True:
        page = await log.list("acme", wanted, size, token)
        found.append([item.request_id for item in page.items])
        token = page.next_page_token
        if not token:
            return found


async def ids(log: AuditLog, wanted: Filter, size: int = 7) -> list[str]:
    return [request_id for page in await pages(log, wanted, size) for request_id in page]


def named(*numbers: int) -> list[str]:
    return [f"request-{number}" for number in numbers]


async def fill(log: AuditLog, count: int) -> None:
    for number in range(count):
        await log.append(decision(number))
    await asyncio.gather(*(log.append(decision(number, tenant="other")) for number in range(count)))


async def test_pages_run_from_the_newest_to_the_oldest_and_end(log: AuditLog) -> None:
    await fill(log, 20)
    assert await pages(log, Filter(), 8) == [named(*range(19, 11, -1)), named(*range(11, 3, -1)), named(3, 2, 1, 0)]
    assert await pages(log, Filter(), 10) == [named(*range(19, 9, -1)), named(*range(9, -1, -1))]
    assert len((await log.list("acme", Filter())).items) == 20
    assert await pages(log, Filter(action=1, detector="nobody"), 5) == [[]]


async def test_each_filter_alone_and_together(log: AuditLog) -> None:
    await fill(log, 24)
    blocked, copied = set(range(3, 24, 4)), set(range(0, 24, 3))
    digest = decision(9).media_digest
    expected = {
        Filter(action=4): blocked,
        Filter(detector="copy_move"): copied,
        Filter(action=4, detector="copy_move"): blocked & copied,
        Filter(media_digest=digest): {9},
        Filter(media_digest=digest, detector="copy_move"): {9},
        Filter(media_digest=digest, detector="copy_move", action=2): {9},
        Filter(media_digest=digest, action=4): set(),
        Filter(media_digest=decision(8).media_digest, detector="copy_move"): set(),
        Filter(label="cloned"): copied,
        Filter(reason_code="default"): set(range(24)) - copied,
        Filter(reason_code="manipulation.copy_move", action=4): blocked & copied,
        Filter(subject="person-1"): set(range(1, 24, 2)),
        Filter(subject="person-2"): set(),
        Filter(state=ReviewState.AWAITING): set(range(2, 24, 4)),
        Filter(state=ReviewState.AWAITING, detector="copy_move"): set(range(2, 24, 4)) & copied,
        Filter(state=ReviewState.NONE): set(range(24)) - set(range(2, 24, 4)),
        Filter(state=ReviewState.UPHELD): set(),
        Filter(min_score=1.0, max_score=2.0): set(range(7, 15)),
        Filter(min_score=1.0, max_score=2.0, detector="copy_move", action=4): set(range(7, 15)) & blocked,
        Filter(min_score=1.0, label="nothing"): set(),
        Filter(max_score=0.0): {0},
    }
    for wanted, numbers in expected.items():
        assert await ids(log, wanted, 3) == named(*sorted(numbers, reverse=True)), wanted


async def test_terms_that_collide_show_nothing_foreign(log: AuditLog, monkeypatch: pytest.MonkeyPatch) -> None:
    def colliding(_tenant: str, name: str, value: str = "") -> int:
        return len(name + value) % 3

    monkeypatch.setattr(terms, "term", colliding)
    monkeypatch.setattr(terms, "_common", colliding)
    await fill(log, 24)
    assert await ids(log, Filter(action=4), 3) == named(*range(23, 0, -4))
    assert await ids(log, Filter(subject="person-1", detector="copy_move")) == named(21, 15, 9, 3)
    assert await ids(log, Filter(state=ReviewState.AWAITING)) == named(*range(22, 0, -4))


async def test_time_bounds_include_the_start_and_exclude_the_end(url: str) -> None:
    times = iter(START + timedelta(seconds=second) for second in range(10))
    async with opened(url, clock=lambda: next(times)) as log:
        for number in range(10):
            await log.append(decision(number))
        since, until = START + timedelta(seconds=3), START + timedelta(seconds=6)
        assert await ids(log, Filter(since=since, until=until)) == named(5, 4, 3)
        assert await ids(log, Filter(since=since, action=4)) == named(7, 3)
        assert await ids(log, Filter(until=since, detector="copy_move")) == named(0)


async def test_equal_times_are_told_apart_by_index(url: str) -> None:
    async with opened(url, clock=lambda: START) as log:
        for number in range(9):
            await log.append(decision(number))
        assert await ids(log, Filter(), 2) == named(*range(8, -1, -1))


async def test_entries_that_arrive_meanwhile_move_nothing(log: AuditLog) -> None:
    await fill(log, 20)
    first = await log.list("acme", Filter(), 6)
    await asyncio.gather(*(log.append(decision(number)) for number in range(100, 130)))
    rest, token = [], first.next_page_token
    while token:
        page = await log.list("acme", Filter(), 6, token)
        rest += [item.request_id for item in page.items]
        token = page.next_page_token
    assert [item.request_id for item in first.items] + rest == named(*range(19, -1, -1))


async def test_a_page_looks_at_a_bounded_number_of_candidates(log: AuditLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "_WINDOW", 5)
    monkeypatch.setattr(listing, "_STEP", 5)
    await fill(log, 24)
    found = await pages(log, Filter(detector="copy_move", action=4), 4)
    # Eight candidates of which two match: the first page ends with the window, not with its size.
    assert found == [named(15), named(3)]


async def test_a_token_is_good_for_its_own_list_only(log: AuditLog) -> None:
    await fill(log, 5)
    token = (await log.list("acme", Filter(action=1), 1)).next_page_token
    assert (await log.list("acme", Filter(action=1), 1, token)).items
    for tenant, wanted in (("other", Filter(action=1)), ("acme", Filter()), ("acme", Filter(action=2))):
        with pytest.raises(InvalidInput) as caught:
            await log.list(tenant, wanted, 1, token)
        assert caught.value.field == "page_token"


@pytest.mark.parametrize("token", ["x", "AAAA", "ä", "=", "A" * 34, "A" * 400])
async def test_a_token_that_was_not_made_here_is_refused(log: AuditLog, token: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        await log.list("acme", Filter(), 1, token)
    assert caught.value.field == "page_token"


@pytest.mark.parametrize("size", [-1, 1001])
async def test_a_page_size_out_of_range_is_refused(log: AuditLog, size: int) -> None:
    with pytest.raises(InvalidInput) as caught:
        await log.list("acme", Filter(), size)
    assert caught.value.field == "page_size"
