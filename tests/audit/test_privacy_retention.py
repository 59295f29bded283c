"""Retention by rules, with a clock of the test; on both stores."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from core.errors import ConfigurationError, InvalidInput, Unavailable
from server.audit import OPERATOR, AuditLog, Filter, Recorded
from server.audit.entries.leaf import Leaf, to_microseconds
from server.audit.operations import Retain
from server.audit.operations.retain import permitted
from server.audit.privacy import expiry, retention
from server.audit.privacy.retention import RetentionKeeper, RetentionRule
from tests.audit.making import blob, decision, execute, opened

START = datetime(2026, 1, 1, 12, 30, tzinfo=UTC)


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **duration: float) -> None:
        self.now += timedelta(**duration)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def keeper(
    log: AuditLog, clock: Clock, *rules: RetentionRule, scrub: Callable[[], None] = lambda: None
) -> RetentionKeeper:
    return RetentionKeeper(log, rules, clock, scrub)


def shown(number: int) -> bytes:
    return b"shown %d" % number


async def record(log: AuditLog, number: int, tenant: str = "acme") -> Recorded:
    return await log.append(decision(number, tenant, subject="anna", evidence=(blob(shown(number)),)))


async def size_of(log: AuditLog) -> int:
    return (await log.checkpoint()).size


async def has(log: AuditLog, recorded: Recorded, number: int) -> tuple[bool, bool]:
    """Whether private fields and evidence are there."""
    found = await log.get(recorded.tenant, recorded.decision_id)
    return bool(found.private), await log.evidence(recorded.tenant, blob(shown(number)).digest) is not None


async def test_what_is_older_than_the_rule_goes_and_the_rest_stays(url: str, clock: Clock) -> None:
    async with opened(url, clock=clock) as log:
        old = await record(log, 1)
        clock.advance(days=20)
        young = await record(log, 2)
        clock.advance(days=11)
        rules = keeper(log, clock, RetentionRule("acme", evidence_days=30, private_days=30))
        assert await rules.keep() == 2
        assert (await has(log, old, 1), await has(log, young, 2)) == ((False, False), (True, True))
        # An entry that lost its subject is not found by it, but is still there.
        found = [each.index for each in (await log.list("acme", Filter(subject="anna"))).items]
        assert (found, len((await log.list("acme", Filter())).items)) == ([young.index], 2)


async def test_evidence_and_private_fields_have_terms_of_their_own(url: str, clock: Clock) -> None:
    async with opened(url, clock=clock) as log:
        recorded = await record(log, 1)
        clock.advance(days=8)
        rules = keeper(log, clock, RetentionRule("acme", evidence_days=7, private_days=30))
        await rules.keep()
        assert await has(log, recorded, 1) == (True, False)
        clock.advance(days=30)
        await rules.keep()
        assert await has(log, recorded, 1) == (False, False)


async def test_the_log_says_so_first(url: str, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> int:
        raise Unavailable("the disk is gone")

    async with opened(url, clock=clock) as log:
        recorded = await record(log, 1)
        clock.advance(days=31)
        rules = keeper(log, clock, RetentionRule("acme", private_days=30))
        with monkeypatch.context() as patch:
            patch.setattr(expiry, "delete_past", fail)
            with pytest.raises(Unavailable):
                await rules.keep()
        # 1. The entry is there, and the plaintext too: a crash came in between.
        assert await size_of(log) == 2
        assert await has(log, recorded, 1) == (True, True)
        # 2. The next round of another process goes on with the same entry.
        assert await keeper(log, clock, RetentionRule("acme", private_days=30)).keep() == 1
        assert await size_of(log) == 2
        assert await has(log, recorded, 1) == (False, True)


async def test_the_entry_says_what_may_go(url: str, clock: Clock) -> None:
    async with opened(url, clock=clock) as log:
        await record(log, 1)
        clock.advance(days=31)
        await keeper(log, clock, RetentionRule("acme", evidence_days=30)).keep()
        cutoff = to_microseconds(datetime(2026, 1, 2, 12, 0, tzinfo=UTC))
        found = await log.find("acme", f"retention-evidence-{cutoff}", "retention")
    assert found is not None
    assert permitted(Leaf.parse(found.leaf)) == ("2026-01-02T12:00:00.000000Z", ("evidence",))
    assert found.private["actor"].value == OPERATOR


async def test_nothing_is_recorded_when_nothing_is_due(url: str, clock: Clock) -> None:
    async with opened(url, clock=clock) as log:
        await record(log, 1)
        rules = keeper(log, clock, RetentionRule("*", evidence_days=30, private_days=30))
        for _ in range(3):
            clock.advance(hours=1)
            assert await rules.keep() == 0
        assert await size_of(log) == 1
        clock.advance(days=40)
        await rules.keep()
        assert await size_of(log) == 3
        # The records of retention are not themselves expired, or there would be one an hour for ever.
        for _ in range(50):
            clock.advance(days=1)
            assert await rules.keep() == 0
        assert await size_of(log) == 3


async def test_each_tenant_has_its_own_rule(url: str, clock: Clock) -> None:
    async with opened(url, clock=clock) as log:
        tenants = {name: await record(log, 1, name) for name in ("acme", "beta", "zeta")}
        clock.advance(days=11)
        await keeper(
            log, clock, RetentionRule("*", private_days=10), RetentionRule("acme"), RetentionRule("beta", 10)
        ).keep()
        found = {name: await has(log, recorded, 1) for name, recorded in tenants.items()}
    assert found == {"acme": (True, True), "beta": (True, False), "zeta": (False, True)}


async def test_the_operators_own_entries_are_nobodys_tenant(url: str, clock: Clock) -> None:
    async with opened(url, clock=clock) as log:
        own = await log.append(decision(1, OPERATOR, kind="key", actor="root", evidence=()))
        clock.advance(days=11)
        assert await keeper(log, clock, RetentionRule("*", private_days=10)).keep() == 0
        assert "actor" in (await log.get(OPERATOR, own.decision_id)).private


async def test_what_a_wrong_clock_recorded_goes_too_within_a_day(url: str, clock: Clock) -> None:
    async with opened(url, clock=clock) as log:
        rules = keeper(log, clock, RetentionRule("acme", private_days=10))
        recorded = [await record(log, 1)]
        clock.advance(days=9)
        assert await rules.keep() == 0
        recorded.append(await record(log, 2))
        clock.advance(days=-9)  # the clock steps back, and entries at higher indexes are older
        recorded.append(await record(log, 3))
        clock.advance(days=11)
        await rules.keep()
        assert [(await has(log, each, at))[0] for at, each in enumerate(recorded, 1)] == [False, True, False]


async def test_many_rows_go_in_small_transactions(url: str, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expiry, "_STEP", 3)
    async with opened(url, clock=clock) as log:
        recorded = [await record(log, number) for number in range(10)]
        clock.advance(days=11)
        rules = keeper(log, clock, RetentionRule("acme", evidence_days=10, private_days=10))
        assert await rules.keep() == 20
        assert {await has(log, each, number) for number, each in enumerate(recorded)} == {(False, False)}


async def test_the_hourly_look_is_at_what_became_due_since(url: str, clock: Clock) -> None:
    """Only once a day is the whole log looked through: a row that came back in the meantime waits for that."""
    async with opened(url, clock=clock) as log:
        await record(log, 1)
        clock.advance(days=1)
        young = await record(log, 2)
        clock.advance(days=9, hours=1)
        rules = keeper(log, clock, RetentionRule("acme", private_days=10))
        assert await rules.keep() == 1
        execute(url, """INSERT INTO private VALUES (0, 'acme', '{"actor":["AAAAAAAAAAAAAAAAAAAAAA==","x"]}')""")
        clock.advance(hours=2)
        assert await rules.keep() == 0
        clock.advance(hours=22)
        assert await rules.keep() == 2
        assert await has(log, young, 2) == (False, True)


async def test_deleted_bytes_are_scrubbed_only_when_there_are_some(url: str, clock: Clock) -> None:
    scrubbed: list[int] = []
    async with opened(url, clock=clock) as log:
        await record(log, 1)
        rules = keeper(log, clock, RetentionRule("*", private_days=10), scrub=lambda: scrubbed.append(1))
        await rules.keep()
        assert scrubbed == []
        clock.advance(days=11)
        await rules.keep()
        assert scrubbed == [1]


async def test_it_runs_until_it_is_cancelled_whatever_fails(
    url: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "_HOUR", timedelta(seconds=0.01))
    async with opened(url, clock=clock) as log:
        rules = keeper(log, clock, RetentionRule("*", private_days=10))
        recorded = await record(log, 1)
        calls = 0
        keep = rules.keep

        async def once_in_vain() -> int:
            nonlocal calls
            calls += 1
            if calls == 1:
                raise Unavailable("the store is away")
            return await keep()

        monkeypatch.setattr(rules, "keep", once_in_vain)
        clock.advance(days=11)
        running = asyncio.create_task(rules.run())
        async with asyncio.timeout(20):
            while (await has(log, recorded, 1))[0]:
                await asyncio.sleep(0.01)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running


async def test_a_round_that_is_cancelled_ends_what_it_began(url: str, clock: Clock) -> None:
    begun, go_on, ended = threading.Event(), threading.Event(), threading.Event()

    def scrub() -> None:
        begun.set()
        go_on.wait(20)
        ended.set()

    async with opened(url, clock=clock) as log:
        await record(log, 1)
        rules = keeper(log, clock, RetentionRule("*", private_days=10), scrub=scrub)
        clock.advance(days=11)
        running = asyncio.create_task(rules.keep())
        await asyncio.to_thread(begun.wait, 20)
        running.cancel()
        await asyncio.wait([running], timeout=0.1)
        assert not running.done(), "the log may be closed under a thread that reads it"
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert ended.is_set()


async def test_rules_that_cannot_be_kept_are_refused(log: AuditLog, clock: Clock) -> None:
    with pytest.raises(ConfigurationError):
        keeper(log, clock, RetentionRule("acme", 1), RetentionRule("acme", 2))
    with pytest.raises(ConfigurationError):
        keeper(log, clock, RetentionRule("acme", private_days=0))
    with pytest.raises(InvalidInput):
        await log.perform(Retain("acme", OPERATOR, "retention-x", 0, "everything"))


async def test_a_repeated_retention_is_one_entry(log: AuditLog) -> None:
    first = await log.perform(Retain("acme", OPERATOR, "retention-1", 5, "private"))
    again = await log.perform(Retain("acme", OPERATOR, "retention-1", 5, "private"))
    assert (again.index, again.fresh) == (first.index, False)
    assert json.loads(first.leaf)["what"] == ["private"]
