"""Reviews and appeals: what is recorded, what a decision's state becomes, and what is refused."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Conflict, InvalidInput, LimitExceeded, NotFound
from policies.base import Action
from server.audit import AuditLog, Filter, Recorded, ReviewState, State
from server.audit.entries.state import Event, after, fold, initial
from server.audit.operations import decisions
from server.audit.operations.catalog import OPERATIONS, read_operation, write_operation
from tests.audit.making import appeal, decision, intent, opened, review

EVENTS = st.lists(st.one_of(st.just("appeal"), st.sampled_from([Action.ALLOW, Action.LABEL, Action.BLOCK])), max_size=8)


async def state_of(log: AuditLog, recorded: Recorded) -> State:
    found = (await log.get(recorded.tenant, recorded.decision_id)).state
    assert found is not None
    return found


async def found_by(log: AuditLog, state: ReviewState) -> list[str]:
    return [each.request_id for each in (await log.list("acme", Filter(state=state))).items]


async def test_a_decision_goes_through_appeal_and_review(log: AuditLog) -> None:
    decided = await log.append(decision(3))
    assert await state_of(log, decided) == State(ReviewState.NONE, Action.BLOCK, 0, 0)
    filed = await log.perform(appeal(decided))
    assert await state_of(log, decided) == State(ReviewState.APPEALED, Action.BLOCK, 1, filed.index)
    assert await found_by(log, ReviewState.APPEALED) == ["request-3"]
    reviewed = await log.perform(review(decided, "ALLOW"))
    assert await state_of(log, decided) == State(ReviewState.OVERTURNED, Action.ALLOW, 2, reviewed.index)
    assert await found_by(log, ReviewState.APPEALED) == []
    assert await found_by(log, ReviewState.OVERTURNED) == ["request-3"]
    await log.perform(review(decided, "ALLOW", 2))
    assert (await state_of(log, decided)).review is ReviewState.UPHELD


async def test_a_decision_that_awaits_a_person_is_resolved(log: AuditLog) -> None:
    decided = await log.append(decision(2))
    assert await found_by(log, ReviewState.AWAITING) == ["request-2"]
    await log.perform(review(decided, "LABEL"))
    assert await state_of(log, decided) == State(ReviewState.RESOLVED, Action.LABEL, 1, 1)
    assert await found_by(log, ReviewState.AWAITING) == []


async def test_history_tells_who_did_what(log: AuditLog) -> None:
    decided = await log.append(decision(3))
    await log.perform(appeal(decided))
    await log.perform(review(decided, "BLOCK"))
    history = await log.history("acme", decided.decision_id)
    assert history.decision.leaf == decided.leaf
    assert [each.kind for each in history.events] == ["appeal", "review"]
    filed, reviewed = history.events
    assert {name: each.value for name, each in filed.private.items()} == {
        "actor": "front-end",
        "subject": "person-1",
        "statement": "I took it",
    }
    assert json.loads(reviewed.leaf)["outcome"] == "upheld"
    assert reviewed.private["note"].value == "seen twice"
    assert b"seen twice" not in reviewed.leaf


async def test_reviews_have_receipts_and_are_no_decisions(log: AuditLog) -> None:
    decided = await log.append(decision(3))
    reviewed = await log.perform(review(decided))
    assert (await log.receipt("acme", reviewed.decision_id)).log_index == 1
    with pytest.raises(NotFound):
        await log.history("acme", reviewed.decision_id)
    with pytest.raises(NotFound):
        await log.perform(review(reviewed, number=2))
    assert len((await log.list("acme", Filter())).items) == 1


async def test_a_repeated_review_has_no_further_effect(log: AuditLog) -> None:
    decided = await log.append(decision(3))
    first = await log.perform(review(decided))
    again = await log.perform(review(decided))
    assert (again.index, again.fresh) == (first.index, False)
    with pytest.raises(Conflict, match="different request"):
        await log.perform(review(decided, "LABEL"))
    assert (await state_of(log, decided)).events == 1


async def test_of_two_reviewers_who_saw_the_same_only_one_decides(log: AuditLog) -> None:
    decided = await log.append(decision(2))
    outcomes = await asyncio.gather(
        *(log.perform(review(decided, "ALLOW", number, seen_index=decided.index)) for number in range(4)),
        return_exceptions=True,
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Recorded"] + ["Stale"] * 3
    assert (await state_of(log, decided)).events == 1


async def test_one_appeal_at_a_time(log: AuditLog) -> None:
    decided = await log.append(decision(3))
    await log.perform(appeal(decided))
    with pytest.raises(Conflict, match="is open"):
        await log.perform(appeal(decided, 2))
    await log.perform(review(decided, "BLOCK"))
    assert (await log.perform(appeal(decided, 2))).fresh


@pytest.mark.parametrize("action", ["REVIEW", "", "PERHAPS"])
async def test_a_review_must_end_the_matter(log: AuditLog, action: str) -> None:
    decided = await log.append(decision(3))
    with pytest.raises(InvalidInput) as caught:
        await log.perform(review(decided, action))
    assert caught.value.field == "action"


async def test_what_was_never_decided_cannot_be_reviewed(log: AuditLog) -> None:
    refused = await log.append(decision(1, action=0))
    announced = await log.append(intent(2))
    foreign = await log.append(decision(3, tenant="other"))
    for target in (refused, announced, foreign):
        with pytest.raises(NotFound):
            await log.perform(review(target, tenant="acme") if target is foreign else review(target))
    assert (await log.checkpoint()).size == 3


async def test_a_refused_operation_does_not_disturb_its_batch(log: AuditLog) -> None:
    decided = await log.append(decision(3))
    outcomes = await asyncio.gather(
        log.append(decision(4)),
        log.perform(review(decided, "REVIEW")),
        log.perform(appeal(decided)),
        log.append(decision(5)),
        log.perform(review(decided, "ALLOW", 2)),
        return_exceptions=True,
    )
    assert [type(outcome).__name__ for outcome in outcomes] == [
        "Recorded",
        "InvalidInput",
        "Recorded",
        "Recorded",
        "Recorded",
    ]
    assert (await state_of(log, decided)).review is ReviewState.OVERTURNED


async def test_states_survive_a_restart(url: str) -> None:
    async with opened(url) as log:
        decided = await log.append(decision(3))
        await log.perform(appeal(decided))
    async with opened(url) as log:
        assert (await state_of(log, decided)).review is ReviewState.APPEALED
        await log.perform(review(decided, "ALLOW"))
        assert (await state_of(log, decided)).review is ReviewState.OVERTURNED


@given(st.sampled_from(list(Action)), EVENTS)
def test_the_last_review_decides(first: Action, kinds: list[Any]) -> None:
    events = [
        Event("appeal", 0, number) if kind == "appeal" else Event("review", kind, number)
        for number, kind in enumerate(kinds, start=1)
    ]
    state = fold(first, 0, events)
    reviews = [event.action for event in events if event.kind == "review"]
    assert state.action == (reviews[-1] if reviews else first)
    assert state.events == len(events)
    assert (state.review is ReviewState.APPEALED) == bool(events and events[-1].kind == "appeal")
    if not events:
        assert state == initial(first, 0)
    else:
        assert state == after(fold(first, 0, events[:-1]), events[-1])


def test_every_operation_crosses_a_socket() -> None:
    decided = Recorded(3, "f" * 32, "decision", "acme", "r", "d", None, b"{}", True)  # type: ignore[arg-type]
    for operation in (review(decided, "ALLOW"), appeal(decided)):
        assert read_operation(json.loads(json.dumps(write_operation(operation)))) == operation
        assert OPERATIONS[operation.kind] is type(operation)
    for value in (
        {},
        {"operation": "review"},
        {"operation": "drop", "fields": {}},
        {"operation": "appeal", "fields": {"x": 1}},
    ):
        with pytest.raises(InvalidInput):
            read_operation(value)


async def test_what_no_entry_can_hold_is_refused_alone(log: AuditLog) -> None:
    decided = await log.append(decision(3))
    await log.perform(review(decided))
    # The request_id was used, so that the digests are compared; this one has no canonical form.
    poisoned = log.perform(review(decided, seen_index=2**53))
    bystander = log.append(decision(4, "other"))
    refused, recorded = await asyncio.gather(poisoned, bystander, return_exceptions=True)
    assert isinstance(refused, InvalidInput)
    assert isinstance(recorded, Recorded)


async def test_an_id_that_no_database_can_hold_is_not_found(log: AuditLog) -> None:
    decided = await log.append(decision(3))
    operation = log.perform(review(decided, decision_id="a\0b"))
    refused, recorded = await asyncio.gather(operation, log.append(decision(4, "other")), return_exceptions=True)
    assert isinstance(refused, NotFound)
    assert isinstance(recorded, Recorded)
    with pytest.raises(NotFound):
        await log.get("acme", "a\0b")


async def test_what_stays_of_an_appeal_does_not_tell_who_filed_it(log: AuditLog) -> None:
    """Names can be guessed, so that a digest over one tells it to everybody who has the leaf."""
    decided = await log.append(decision(3))
    digests = {appeal(decided, appellant=name).request_digest for name in ("", "person-1", "person-2")}
    filed = await log.perform(appeal(decided))
    assert digests == {filed.request_digest}


async def test_one_decision_cannot_hold_up_the_log(log: AuditLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every review folds those before it, while all other appends wait."""
    monkeypatch.setattr(decisions, "MOST_EVENTS", 3)
    decided = await log.append(decision(3))
    for number in range(3):
        await log.perform(review(decided, number=number))
    with pytest.raises(LimitExceeded):
        await log.perform(review(decided, number=3))
    with pytest.raises(LimitExceeded):
        await log.perform(appeal(decided))
    assert (await state_of(log, decided)).events == 3
    assert not (await log.perform(review(decided, number=2))).fresh
