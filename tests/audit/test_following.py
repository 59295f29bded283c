"""Following the log: everything, once, in order, from any place; and matching, by hand against the index."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.audit import AuditLog, Filter, Recorded, ReviewState
from server.audit.entries.entry import draft
from server.audit.entries.leaf import from_microseconds
from server.audit.entries.state import initial
from server.audit.reading import following
from server.audit.reading.matching import matches
from tests.audit.making import decision, intent, now, opened, review

FILTERS = st.builds(
    Filter,
    action=st.sampled_from([0, 1, 4]),
    detector=st.sampled_from(["", "copy_move"]),
    label=st.sampled_from(["", "cloned", "other"]),
    reason_code=st.sampled_from(["", "default"]),
    subject=st.sampled_from(["", "person-1"]),
    media_digest=st.sampled_from(["", decision(3).media_digest]),
    state=st.sampled_from([None, ReviewState.AWAITING, ReviewState.NONE]),
    min_score=st.sampled_from([None, 0.5]),
    max_score=st.sampled_from([None, 2.0]),
)


async def first(log: AuditLog, count: int, wanted: Filter | None = None, after: int = -1) -> list[int]:
    """The indexes of the first `count` that a follower gets."""
    found: list[int] = []
    async with asyncio.timeout(10):
        async for each in log.follow("acme", wanted or Filter(), after):
            found.append(each.index)
            if len(found) == count:
                break
    return found


async def test_a_follower_gets_every_decision_of_its_tenant_once(
    log: AuditLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "_STEP", 3)
    for number in range(10):
        await log.append(decision(number, tenant="acme" if number % 2 else "other"))
        await log.append(intent(number + 100))
    assert await first(log, 5) == [2, 6, 10, 14, 18]
    assert await first(log, 2, after=10) == [14, 18]
    assert await first(log, 1, Filter(action=decision(7).action), after=7) == [14]


async def test_a_follower_gets_what_comes(log: AuditLog) -> None:
    await log.append(decision(0))
    follower = log.follow("acme", Filter(), -1)
    assert (await anext(follower)).index == 0
    async with asyncio.timeout(10):
        for number in range(1, 4):
            coming = asyncio.ensure_future(anext(follower))
            await asyncio.sleep(0)
            assert not coming.done()
            await log.append(decision(number))
            assert (await coming).index == number


async def test_a_follower_sees_the_state_as_it_is_when_it_reads(log: AuditLog) -> None:
    decided = await log.append(decision(2))
    await log.perform(review(decided, "ALLOW"))
    assert await first(log, 1, Filter(state=ReviewState.RESOLVED)) == [0]


async def test_many_followers_ask_once(log: AuditLog) -> None:
    asked = 0

    async def size() -> int:
        nonlocal asked
        asked += 1
        return 3 if asked > 2 else 0

    growth = following.Growth(size)
    waiting = [asyncio.create_task(growth.beyond(index)) for index in (0, 1, 1, 1)]
    leaving = asyncio.create_task(growth.beyond(1))
    await asyncio.sleep(0)
    leaving.cancel()
    async with asyncio.timeout(10):
        await asyncio.gather(*waiting)
    assert asked == 3


async def test_a_log_that_closes_ends_the_following(url: str) -> None:
    async with opened(url) as log:
        await log.append(decision(0))
        follower = log.follow("acme", Filter(), -1)
        assert (await anext(follower)).index == 0
    with pytest.raises(Exception, match="closed"):
        await anext(follower)


@given(wanted=FILTERS)
def test_a_decision_matches_or_not_by_every_part_of_the_filter(wanted: Filter) -> None:
    for number in range(12):
        entry = decision(number)
        made = draft(entry, now())
        recorded = Recorded(
            index=number,
            decision_id=made.decision_id,
            kind="decision",
            tenant="acme",
            request_id=entry.request_id,
            request_digest="",
            recorded_at=from_microseconds(made.recorded_at),
            leaf=made.leaf,
            fresh=True,
            private=made.private,
            state=initial(entry.action, number),
        )
        score = number / 7
        by_score = wanted.min_score is not None or wanted.max_score is not None
        expected = (
            wanted.action in (0, entry.action)
            and (wanted.reason_code in ("", *entry.codes))
            and wanted.subject in ("", entry.subject)
            and wanted.media_digest in ("", entry.media_digest)
            and (wanted.state is None or wanted.state is initial(entry.action, number).review)
            and (by_score or wanted.detector in ("", *entry.detected))
            and (wanted.label in ("", "cloned") if by_score else wanted.label in ("", *entry.labels))
            and (wanted.min_score is None or score >= wanted.min_score)
            and (wanted.max_score is None or score <= wanted.max_score)
        )
        assert matches(recorded, "acme", wanted) is expected
        assert not matches(recorded, "other", wanted)
        assert not matches(recorded, "acme", Filter(since=recorded.recorded_at + timedelta(seconds=1)))
        assert not matches(recorded, "acme", Filter(until=recorded.recorded_at))


async def test_the_index_finds_what_matches_and_nothing_else(log: AuditLog) -> None:
    """The same filters over a real log, against going through everything."""
    recorded = [await log.append(decision(number)) for number in range(24)]
    await log.perform(review(recorded[2], "ALLOW"))
    everything = [await log.get("acme", each.decision_id) for each in recorded]
    for wanted in islice(_some_filters(), 64):
        page = await log.list("acme", wanted, 100)
        expected = [each.index for each in reversed(everything) if matches(each, "acme", wanted)]
        assert [each.index for each in page.items] == expected, wanted


def _some_filters() -> list[Filter]:
    return [
        Filter(action=action, detector=detector, label=label, state=state, min_score=low)
        for action in (0, 3)
        for detector in ("", "copy_move")
        for label in ("", "cloned")
        for state in (None, ReviewState.AWAITING, ReviewState.RESOLVED, ReviewState.NONE)
        for low in (None, 1.5)
    ]
