"""Histories, reviews, appeals, filters and proofs over the wire."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import grpc
import pytest

from countersign.receipts import receipt_json
from countersign.v1 import audit_pb2, common_pb2, review_pb2
from countersign.verify.consistency import ConsistencyProof, verify_extension
from countersign.verify.note import VerifierKey
from countersign.verify.receipt import verify_receipt
from countersign.verify.trust import TrustedKey
from server.audit import Entry
from tests.server.conftest import png
from tests.server.wires import ACME, RED, Wire, as_, fails, request

pytestmark = pytest.mark.asyncio(loop_scope="session")

BLOCK, ALLOW, LABEL = common_pb2.ACTION_BLOCK, common_pb2.ACTION_ALLOW, common_pb2.ACTION_LABEL


def review(decision_id: str, **fields: Any) -> review_pb2.ReviewDecisionRequest:
    defaults: dict[str, Any] = {"request_id": uuid.uuid4().hex, "action": ALLOW, "reason_code": "art"}
    return review_pb2.ReviewDecisionRequest(decision_id=decision_id, **{**defaults, **fields})


def appeal(decision_id: str, **fields: Any) -> review_pb2.AppealRequest:
    defaults: dict[str, Any] = {"request_id": uuid.uuid4().hex, "reason_code": "not-mine"}
    return review_pb2.AppealRequest(decision_id=decision_id, **{**defaults, **fields})


async def screened(wire: Wire, media: bytes = RED, **fields: Any) -> common_pb2.Decision:
    answer = await wire.screening.Screen(request(media, **fields), **ACME)
    decision: common_pb2.Decision = answer.decision
    return decision


def assert_holds(receipt: common_pb2.Receipt) -> None:
    assert all(check.ok for check in verify_receipt(receipt_json(receipt), None, receipt.log_key))


async def test_a_history_holds_what_people_did_with_receipts_that_verify(wire: Wire) -> None:
    decision = await screened(wire, subject="u1")
    assert (decision.review_state, decision.current_action) == (common_pb2.REVIEW_STATE_NONE, BLOCK)
    filed = await wire.reviews.Appeal(appeal(decision.decision_id, statement="mine", appellant="u2"), **ACME)
    assert filed.decision.review_state == common_pb2.REVIEW_STATE_APPEALED
    decided = await wire.reviews.ReviewDecision(review(decision.decision_id, note="a painting"), **ACME)
    assert decided.decision.review_state == common_pb2.REVIEW_STATE_OVERTURNED
    assert (decided.decision.action, decided.decision.current_action) == (BLOCK, ALLOW)
    wanted = audit_pb2.GetHistoryRequest(decision_id=decision.decision_id, include_receipts=True)
    history = await wire.audit.GetHistory(wanted, **ACME)
    assert history.decision == decided.decision
    first, second = history.events
    assert (first.kind, first.reason_code) == (audit_pb2.HISTORY_EVENT_KIND_APPEAL, "not-mine")
    assert (first.text, first.appellant, first.actor) == ("mine", "u2", "acme")
    assert (second.kind, second.action) == (audit_pb2.HISTORY_EVENT_KIND_REVIEW, ALLOW)
    assert (second.text, second.appellant, second.outcome) == (
        "a painting",
        "",
        common_pb2.REVIEW_STATE_OVERTURNED,
    )
    assert second.log_index == history.decision.latest_index
    for receipt in (history.receipt, first.receipt, second.receipt, filed.receipt, decided.receipt):
        assert_holds(receipt)
    assert decided.receipt.decision_id == second.event_id
    again = await wire.audit.GetReceipt(audit_pb2.GetReceiptRequest(decision_id=second.event_id), **ACME)
    assert_holds(again.receipt)
    plain = await wire.audit.GetHistory(audit_pb2.GetHistoryRequest(decision_id=decision.decision_id), **ACME)
    assert not plain.HasField("receipt")
    assert not plain.events[0].HasField("receipt")


async def test_a_review_is_no_decision(wire: Wire) -> None:
    decision = await screened(wire)
    decided = await wire.reviews.ReviewDecision(review(decision.decision_id), **ACME)
    for method, wanted in (
        (wire.audit.GetDecision, audit_pb2.GetDecisionRequest),
        (wire.audit.GetHistory, audit_pb2.GetHistoryRequest),
        (wire.reviews.Appeal, appeal),
        (wire.reviews.ReviewDecision, review),
    ):
        await fails(method(wanted(decision_id=decided.receipt.decision_id), **ACME), grpc.StatusCode.NOT_FOUND)


async def test_a_repeated_review_is_one_entry(wire: Wire) -> None:
    decision = await screened(wire)
    once = review(decision.decision_id)
    first, second = [await wire.reviews.ReviewDecision(once, **ACME) for _ in range(2)]
    assert first.receipt.log_index == second.receipt.log_index
    other = review(decision.decision_id, request_id=once.request_id, action=LABEL)
    await fails(wire.reviews.ReviewDecision(other, **ACME), grpc.StatusCode.ALREADY_EXISTS)


async def test_two_reviewers_do_not_overrule_each_other_unseen(wire: Wire) -> None:
    decision = await screened(wire)
    seen = decision.latest_index
    await wire.reviews.ReviewDecision(review(decision.decision_id, seen_index=seen), **ACME)
    late = wire.reviews.ReviewDecision(review(decision.decision_id, seen_index=seen, action=LABEL), **ACME)
    await fails(late, grpc.StatusCode.ABORTED)
    anyway = await wire.reviews.ReviewDecision(review(decision.decision_id, action=LABEL), **ACME)
    assert anyway.decision.current_action == LABEL


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"action": common_pb2.ACTION_REVIEW}, "action"),
        ({"action": common_pb2.ACTION_UNSPECIFIED}, "action"),
        ({"action": 9}, "action"),
        ({"reason_code": ""}, "reason_code"),
        ({"reason_code": "with spaces"}, "reason_code"),
        ({"note": "x" * 4001}, "note"),
        ({"seen_index": -1}, "seen_index"),
        ({"request_id": "short"}, "request_id"),
    ],
)
async def test_an_unfit_review_names_its_field(wire: Wire, fields: dict[str, Any], field: str) -> None:
    found = await fails(wire.reviews.ReviewDecision(review("d", **fields), **ACME), grpc.StatusCode.INVALID_ARGUMENT)
    assert found["field"] == field


async def test_who_reads_does_not_decide(wire: Wire) -> None:
    decision = await screened(wire)
    reader = as_("reader")
    await wire.audit.GetHistory(audit_pb2.GetHistoryRequest(decision_id=decision.decision_id), **reader)
    for call in (
        wire.reviews.ReviewDecision(review(decision.decision_id), **reader),
        wire.reviews.Appeal(appeal(decision.decision_id), **reader),
    ):
        await fails(call, grpc.StatusCode.PERMISSION_DENIED)


async def found_by(wire: Wire, **chosen: Any) -> list[str]:
    wanted = audit_pb2.ListDecisionsRequest(filter=audit_pb2.DecisionFilter(**chosen))
    return [each.decision_id for each in (await wire.audit.ListDecisions(wanted, **ACME)).decisions]


async def test_decisions_are_found_by_everything_that_is_known_of_them(wire: Wire) -> None:
    red = (await screened(wire, subject="u1")).decision_id
    green = (await screened(wire, png(), subject="u2")).decision_id
    await wire.reviews.Appeal(appeal(green), **ACME)
    for chosen, expected in (
        ({}, [green, red]),
        ({"label": "red"}, [red]),
        ({"detector": "red", "action": BLOCK}, [red]),
        ({"reason_code": "red"}, [green, red]),
        ({"reason_code": "other"}, []),
        ({"subject": "u2"}, [green]),
        ({"review_state": common_pb2.REVIEW_STATE_APPEALED}, [green]),
        ({"review_state": common_pb2.REVIEW_STATE_NONE}, [red]),
        ({"min_score": 150.0}, [red]),
        ({"max_score": 150.0, "detector": "red"}, [green]),
        ({"min_score": 0.0, "max_score": 255.0, "label": "red"}, [green, red]),
        ({"min_score": 0.0, "label": "blue"}, []),
    ):
        assert await found_by(wire, **chosen) == expected, chosen


async def test_the_filter_goes_before_the_fields_of_the_first_release(wire: Wire) -> None:
    red = (await screened(wire)).decision_id
    green = (await screened(wire, png())).decision_id

    async def ids(**fields: Any) -> list[str]:
        answer = await wire.audit.ListDecisions(audit_pb2.ListDecisionsRequest(**fields), **ACME)
        return [each.decision_id for each in answer.decisions]

    assert await ids(action=BLOCK) == [red]
    assert await ids(action=BLOCK, filter=audit_pb2.DecisionFilter(action=ALLOW)) == [green]
    past = audit_pb2.ListDecisionsRequest()
    past.until.FromDatetime(datetime(2020, 1, 1, tzinfo=UTC))
    assert await ids(until=past.until) == []
    future = audit_pb2.DecisionFilter()
    future.until.FromDatetime(datetime(2120, 1, 1, tzinfo=UTC))
    assert await ids(until=past.until, filter=future) == [green, red]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
async def test_a_score_is_a_number(wire: Wire, value: float) -> None:
    wanted = audit_pb2.ListDecisionsRequest(filter=audit_pb2.DecisionFilter(min_score=value))
    found = await fails(wire.audit.ListDecisions(wanted, **ACME), grpc.StatusCode.INVALID_ARGUMENT)
    assert found["field"] == "filter.min_score"


async def test_the_log_proves_that_it_only_grew(wire: Wire) -> None:
    await screened(wire)
    old = await wire.audit.GetCheckpoint(audit_pb2.GetCheckpointRequest(), **ACME)
    await screened(wire, png())
    wanted = audit_pb2.GetConsistencyProofRequest(first=old.tree_size)
    answer = await wire.audit.GetConsistencyProof(wanted, **ACME)
    proof = ConsistencyProof(answer.first, tuple(answer.hashes), answer.checkpoint)
    keys = [TrustedKey(VerifierKey.parse(old.log_key))]
    before, after = verify_extension(old.checkpoint, answer.checkpoint, proof, keys)
    assert (before.size, after.size) == (old.tree_size, answer.second)
    exact = audit_pb2.GetConsistencyProofRequest(first=0, second=old.tree_size)
    assert (await wire.audit.GetConsistencyProof(exact, **ACME)).checkpoint == "", "it is not the newest any more"
    beyond = audit_pb2.GetConsistencyProofRequest(first=1, second=99)
    await fails(wire.audit.GetConsistencyProof(beyond, **ACME), grpc.StatusCode.INVALID_ARGUMENT)


async def test_a_checkpoint_comes_with_the_keys_of_the_log(wire: Wire) -> None:
    answer = await wire.audit.GetCheckpoint(audit_pb2.GetCheckpointRequest(), **ACME)
    (key,) = answer.log_keys
    assert (key.generation, key.key, key.since_size, key.statement) == (0, answer.log_key, 0, "")
    assert answer.witnessed == ""


async def test_without_a_witness_there_is_no_witnessed_receipt(wire: Wire) -> None:
    decision = await screened(wire)
    wanted = audit_pb2.GetReceiptRequest(decision_id=decision.decision_id, witnessed=True)
    await fails(wire.audit.GetReceipt(wanted, **ACME), grpc.StatusCode.FAILED_PRECONDITION)


async def test_intents_without_a_decision_are_listed_by_age(wire: Wire) -> None:
    making = {"model": "painter", "version": "1"}
    for number in range(3):
        body = {"direction": "outbound", "task": "upscale", "making": making}
        await wire.house.log.append(Entry("intent", "acme", "acme", f"cut-short-{number}", "", body))
    answer = await wire.audit.ListOpenIntents(audit_pb2.ListOpenIntentsRequest(limit=2), **ACME)
    assert [each.request_id for each in answer.intents] == ["cut-short-0", "cut-short-1"]
    assert answer.more
    assert (answer.intents[0].task, answer.intents[0].model) == ("upscale", "painter@1")
    old = audit_pb2.ListOpenIntentsRequest(older_than_seconds=60)
    assert not (await wire.audit.ListOpenIntents(old, **ACME)).intents
