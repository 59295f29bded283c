"""EraseSubject over the wire: what is gone, what stays, and that receipts still hold."""

from __future__ import annotations

import json
import uuid
from typing import Any

import grpc
import pytest

from core.media import digest_of
from countersign.receipts import receipt_json
from countersign.v1 import audit_pb2, generation_pb2, privacy_pb2, review_pb2
from countersign.verify.receipt import verify_receipt
from tests.server.conftest import png
from tests.server.test_services import collect
from tests.server.wires import ACME, RED, Wire, as_, fails, request

pytestmark = pytest.mark.asyncio(loop_scope="session")


def erasure(subject: str = "u1", **fields: Any) -> privacy_pb2.EraseSubjectRequest:
    return privacy_pb2.EraseSubjectRequest(**{"request_id": uuid.uuid4().hex, "subject": subject, **fields})


async def test_a_person_is_forgotten_and_the_receipt_holds(wire: Wire) -> None:
    before = await wire.screening.Screen(request(subject="u1", include_evidence=True), **ACME)
    other = await wire.screening.Screen(request(png(), subject="u2"), **ACME)
    contested = review_pb2.AppealRequest(
        request_id=uuid.uuid4().hex,
        decision_id=before.decision.decision_id,
        reason_code="mine",
        statement="I am u1",
        appellant="u1",
    )
    await wire.reviews.Appeal(contested, **ACME)
    answer = await wire.privacy.EraseSubject(erasure(), **ACME)
    assert answer.erased_entries == 2
    assert "u1" not in answer.receipt.entry.decode()
    wanted = audit_pb2.GetDecisionRequest(decision_id=before.decision.decision_id, include_evidence=True)
    after = (await wire.audit.GetDecision(wanted, **ACME)).decision
    assert (after.subject, "subject" in after.erased) == ("", True)
    assert before.decision.findings[0].evidence[0].data
    assert not after.findings[0].evidence[0].data
    history = await wire.audit.GetHistory(audit_pb2.GetHistoryRequest(decision_id=after.decision_id), **ACME)
    assert (history.events[0].text, history.events[0].appellant) == ("", "")
    assert {"statement", "subject"} <= set(history.events[0].erased)
    for receipt in (before.receipt, answer.receipt):
        assert all(check.ok for check in verify_receipt(receipt_json(receipt), None, receipt.log_key))
    by_subject = audit_pb2.ListDecisionsRequest(filter=audit_pb2.DecisionFilter(subject="u1"))
    assert not (await wire.audit.ListDecisions(by_subject, **ACME)).decisions
    kept = audit_pb2.GetDecisionRequest(decision_id=other.decision.decision_id)
    assert (await wire.audit.GetDecision(kept, **ACME)).decision.subject == "u2"


async def test_what_was_made_for_a_person_is_removed(wire: Wire) -> None:
    order = generation_pb2.EnhanceRequest(request_id=uuid.uuid4().hex, media=png(), task="upscale", subject="u1")
    parts = await collect(wire.generation.Enhance(order, **ACME))
    digest = digest_of(b"".join(part.chunk for part in parts))
    assert parts[-1].result.decision.subject == "u1"
    assert wire.house.outputs.get(digest)
    await wire.privacy.EraseSubject(erasure(), **ACME)
    assert wire.house.outputs.get(digest) is None


async def test_a_repeated_erasure_is_one_entry_and_another_persons_id_is_refused(wire: Wire) -> None:
    for subject in ("u1", "u2"):
        await wire.screening.Screen(request(RED, subject=subject), **ACME)
    asked = erasure()
    first, second = [await wire.privacy.EraseSubject(asked, **ACME) for _ in range(2)]
    assert (first.erased_entries, first.receipt.log_index) == (second.erased_entries, second.receipt.log_index)
    other = erasure("u2", request_id=asked.request_id)
    await fails(wire.privacy.EraseSubject(other, **ACME), grpc.StatusCode.ALREADY_EXISTS)
    assert json.loads(first.receipt.entry)["kind"] == "erasure"


@pytest.mark.parametrize(
    ("fields", "field"),
    [({"subject": ""}, "subject"), ({"subject": "x" * 257}, "subject"), ({"request_id": "short"}, "request_id")],
)
async def test_an_unfit_erasure_names_its_field(wire: Wire, fields: dict[str, str], field: str) -> None:
    found = await fails(wire.privacy.EraseSubject(erasure(**fields), **ACME), grpc.StatusCode.INVALID_ARGUMENT)
    assert found["field"] == field


async def test_only_who_may_erases(wire: Wire) -> None:
    await fails(wire.privacy.EraseSubject(erasure(), **as_("reader")), grpc.StatusCode.PERMISSION_DENIED)
