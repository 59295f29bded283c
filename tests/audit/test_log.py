from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.errors import ConfigurationError, Conflict, IntegrityError, NotFound, Unavailable
from countersign.verify.canonical import parse_canonical
from countersign.verify.checkpoint import open_checkpoint
from countersign.verify.note import VerifierKey
from countersign.verify.receipt import verify_receipt
from server.audit import AuditLog, Filter, ReceiptParts, Recorded
from server.audit.fsck import fsck
from server.audit.tree.keys import load_or_create
from server.audit.writing.backlog import GroupLimits
from tests.audit.making import ORIGIN, SIGNER, VKEY, blob, cancellation, decision, execute, intent, now, opened


def failures(parts: ReceiptParts, media: bytes | None = None) -> list[str]:
    receipt = parts.as_json()
    return [check.detail for check in verify_receipt(receipt, media, VKEY) if not check.ok]


async def test_an_entry_comes_back_as_it_was_recorded(log: AuditLog) -> None:
    recorded = await log.append(decision(1))
    assert (recorded.index, recorded.fresh, recorded.kind) == (0, True, "decision")
    assert parse_canonical(recorded.leaf)["decision_id"] == recorded.decision_id
    stored = await log.get("acme", recorded.decision_id)
    assert stored == await log.find("acme", "request-1")
    assert (stored.index, stored.leaf, stored.recorded_at) == (0, recorded.leaf, recorded.recorded_at)
    assert await log.evidence("acme", blob(b"mask 1").digest) == blob(b"mask 1")


async def test_hundreds_of_callers_get_one_index_each(log: AuditLog, url: str) -> None:
    recorded = await asyncio.gather(*(log.append(decision(n)) for n in range(400)))
    assert sorted(record.index for record in recorded) == list(range(400))
    assert not any([failures(await log.receipt_for(record)) for record in recorded[::40]])
    assert (await log.checkpoint()).size == 400
    assert fsck(url, VKEY).ok


async def test_a_receipt_holds_offline_and_against_later_checkpoints(log: AuditLog) -> None:
    recorded = await log.append(decision(7))
    early = await log.receipt("acme", recorded.decision_id)
    await asyncio.gather(*(log.append(decision(n)) for n in range(100, 400)))
    late = await log.receipt("acme", recorded.decision_id)
    for parts in (early, late):
        assert failures(parts, b"media 7") == []
        assert len(failures(parts, b"media 8")) == 1


@pytest.mark.parametrize("again", [False, True], ids=["while it runs", "after another start"])
async def test_an_entry_that_was_altered_gets_no_receipt(url: str, again: bool) -> None:
    async with opened(url) as log:
        recorded = await log.append(decision(1, action=4))
        if not again:
            await refused_after_forgery(log, url, recorded)
    if again:
        async with opened(url) as log:
            await refused_after_forgery(log, url, recorded)


async def refused_after_forgery(log: AuditLog, url: str, recorded: Recorded) -> None:
    forged = recorded.leaf.replace(b'"action":4', b'"action":1')
    assert forged != recorded.leaf
    assert execute(url, "UPDATE entries SET leaf = :leaf", leaf=forged) == 1
    found = await log.find("acme", "request-1")
    assert found is not None
    with pytest.raises(IntegrityError, match="not the one that was recorded"):
        await log.receipt_for(found)


async def test_the_same_request_is_recorded_once(log: AuditLog) -> None:
    first = await log.append(decision(1))
    again = await log.append(decision(1, body={"other": "content"}))
    assert (again.index, again.decision_id, again.leaf, again.fresh) == (0, first.decision_id, first.leaf, False)
    assert (await log.checkpoint()).size == 1


async def test_racing_callers_of_one_request_get_one_record(log: AuditLog) -> None:
    recorded = await asyncio.gather(*(log.append(decision(n % 5)) for n in range(200)))
    assert len({record.decision_id for record in recorded}) == 5
    assert sum(record.fresh for record in recorded) == 5
    assert (await log.checkpoint()).size == 5


async def test_another_request_under_the_same_id_conflicts(log: AuditLog) -> None:
    await log.append(decision(1))
    with pytest.raises(Conflict):
        await log.append(decision(1, request_digest="other"))
    outcomes = await asyncio.gather(
        log.append(decision(2)), log.append(decision(2, request_digest="other")), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes] == [Recorded, Conflict]


async def test_one_bad_entry_does_not_spoil_the_batch(log: AuditLog) -> None:
    outcomes = await asyncio.gather(
        log.append(decision(1)), log.append(decision(2, body={"x": object()})), log.append(decision(3)),
        return_exceptions=True,
    )  # fmt: skip
    assert [isinstance(outcome, Recorded) for outcome in outcomes] == [True, False, True]


async def test_an_intent_and_its_decision_are_two_entries(log: AuditLog) -> None:
    first, second = await log.append(intent(1)), await log.append(decision(1))
    assert (first.index, second.index) == (0, 1)
    assert await log.find("acme", "request-1", "intent") is not None
    assert [item.kind for item in (await log.list("acme", Filter())).items] == ["decision"]


async def test_a_cancelled_intent_is_closed_and_may_still_be_decided(log: AuditLog, url: str) -> None:
    for number in range(3):
        await log.append(intent(number))
    for number in (1, 2):
        await log.append(cancellation(number))
    await asyncio.gather(log.append(intent(7)), log.append(cancellation(7)))
    orphans = await log.orphaned_intents(now() + timedelta(seconds=1))
    assert [orphan.request_id for orphan in orphans] == ["request-0"]
    again, decided = await log.append(intent(2)), await log.append(decision(2))
    assert (again.fresh, decided.fresh) == (False, True)
    assert len(await log.orphaned_intents(now() + timedelta(seconds=1))) == 1
    assert fsck(url, VKEY).ok
    execute(url, "DELETE FROM open_intents")
    assert not fsck(url, VKEY).ok


async def test_intents_without_a_decision_are_reported(log: AuditLog) -> None:
    for number in range(4):
        await log.append(intent(number))
    await log.append(decision(1))
    await asyncio.gather(log.append(intent(9)), log.append(decision(9)))
    await log.append(decision(8))
    await log.append(intent(8))
    orphans = await log.orphaned_intents(now() + timedelta(seconds=1))
    assert [orphan.request_id for orphan in orphans] == ["request-0", "request-2", "request-3"]
    assert await log.orphaned_intents(now() - timedelta(minutes=1)) == ()


async def test_tenants_do_not_see_each_other(log: AuditLog) -> None:
    ours = await log.append(decision(1))
    theirs = await log.append(decision(1, tenant="other"))
    assert ours.decision_id != theirs.decision_id
    for ask in (log.get, log.receipt):
        with pytest.raises(NotFound):
            await ask("acme", theirs.decision_id)
    assert await log.evidence("third", blob(b"mask 1").digest) is None
    assert await log.find("third", "request-1") is None
    assert [item.tenant for item in (await log.list("acme", Filter())).items] == ["acme"]


async def test_a_log_goes_on_where_it_stopped(url: str) -> None:
    async with opened(url) as log:
        await asyncio.gather(*(log.append(decision(n)) for n in range(300)))
        before = await log.checkpoint()
    async with opened(url) as log:
        assert await log.checkpoint() == before
        recorded = await log.append(decision(300))
        assert recorded.index == 300
        assert failures(await log.receipt_for(recorded)) == []
    assert fsck(url, VKEY, [before.text]).ok


async def test_an_empty_log_has_a_checkpoint(log: AuditLog) -> None:
    checkpoint = await log.checkpoint()
    assert open_checkpoint(checkpoint.text, VerifierKey.parse(checkpoint.log_key)).size == checkpoint.size == 0


async def test_a_clock_that_steps_back_moves_nothing(url: str) -> None:
    times = iter([datetime(2030, 1, 1, tzinfo=UTC), datetime(2020, 1, 1, tzinfo=UTC)])
    async with opened(url, clock=lambda: next(times)) as log:
        first, second = await log.append(decision(1)), await log.append(decision(2))
        assert (first.index, second.index) == (0, 1)
        assert second.recorded_at < first.recorded_at
    assert fsck(url, VKEY).ok


async def test_too_many_waiting_entries_are_turned_away(url: str) -> None:
    async with opened(url, limits=GroupLimits(waiting=10)) as log:
        outcomes = await asyncio.gather(*(log.append(decision(n)) for n in range(50)), return_exceptions=True)
        refused = [outcome for outcome in outcomes if isinstance(outcome, Unavailable)]
        assert len(refused) == 40
        assert refused[0].retry_after > 0
        assert (await log.append(decision(99))).fresh
        assert (await log.checkpoint()).size == 11


async def test_too_many_waiting_bytes_are_turned_away(url: str) -> None:
    async with opened(url, limits=GroupLimits(waiting_bytes=10_000)) as log:
        large = [decision(n, evidence=(blob(b"%d" % n * 9000),)) for n in range(4)]
        outcomes = await asyncio.gather(*(log.append(entry) for entry in large), return_exceptions=True)
        assert [isinstance(outcome, Unavailable) for outcome in outcomes] == [False, False, True, True]


async def test_a_caller_that_leaves_does_not_disturb_the_others(log: AuditLog) -> None:
    leaving = asyncio.create_task(log.append(decision(1)))
    staying = asyncio.create_task(log.append(decision(2)))
    await asyncio.sleep(0)
    leaving.cancel()
    assert (await staying).fresh
    with pytest.raises(asyncio.CancelledError):
        await leaving
    assert not (await log.append(decision(1))).fresh


async def test_closing_records_what_waits(url: str) -> None:
    async with opened(url) as log:
        waiting = [asyncio.create_task(log.append(decision(n))) for n in range(50)]
        await asyncio.sleep(0)
    assert [record.index for record in await asyncio.gather(*waiting)] == list(range(50))
    for ask in (log.append(decision(60)), log.ping(), log.find("acme", "request-1")):
        with pytest.raises(Unavailable):
            await ask


async def test_a_second_server_on_one_database_shares_the_log(log: AuditLog, url: str) -> None:
    first = await log.append(decision(1))
    async with opened(url) as second:
        assert await second.append(decision(1)) == await log.append(decision(1))
        assert (await second.append(decision(2))).index == 1
        await second.ping()
    assert (await log.append(decision(3))).index == 2
    assert (await log.get("acme", first.decision_id)).index == 0
    assert fsck(url, VKEY).ok


async def test_another_key_or_name_cannot_continue_the_log(url: str, tmp_path: Path) -> None:
    async with opened(url) as log:
        await log.append(decision(1))
    with pytest.raises(ConfigurationError, match="not signed by"):
        await AuditLog.open(url, load_or_create(tmp_path, ORIGIN), ORIGIN)
    with pytest.raises(ConfigurationError, match="not signed by"):
        await AuditLog.open(url, SIGNER, "log.example/renamed")


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///:memory:", "postgresql://host/log", "no url", "sqlite:////no/such/file"]
)
async def test_databases_that_cannot_hold_a_log_are_refused(url: str) -> None:
    with pytest.raises(ConfigurationError):
        await AuditLog.open(url, SIGNER, ORIGIN)


@pytest.mark.parametrize("origin", ["", "two words", "a+b", "line\nbreak"])
async def test_an_origin_that_cannot_name_a_key_is_refused(url: str, origin: str) -> None:
    with pytest.raises(ConfigurationError, match="name a log"):
        await AuditLog.open(url, SIGNER, origin)
