"""No tenant learns anything of another: every RPC that takes an id or lists, asked for what is somebody else's.

What is another's MUST be answered like what is not there at all.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import grpc
import grpc.aio
import pytest

from countersign.v1 import audit_pb2, common_pb2, privacy_pb2, review_pb2
from server.audit import Entry
from server.auth import METHOD_ROLES
from tests.server.wires import ACME, OTHER, RED, Wire, request

pytestmark = pytest.mark.asyncio(loop_scope="session")

ABSENT = "0" * 32


@dataclass(frozen=True)
class Asker:
    """Asks for everything by one id and one subject."""

    wire: Wire
    decision_id: str
    event_id: str

    async def gather(self, call: Any) -> bytes:
        return b"".join([part.chunk async for part in call])


Ask: TypeAlias = Callable[[Asker], Awaitable[Any]]


def fresh() -> str:
    return uuid.uuid4().hex


async def streamed(asker: Asker) -> list[str]:
    call = asker.wire.audit.StreamDecisions(audit_pb2.StreamDecisionsRequest(after=-1), metadata=OTHER["metadata"])
    answers = [await asyncio.wait_for(call.read(), 10) for _ in range(3)]
    call.cancel()
    return [answer.decision.decision_id for answer in answers if answer.HasField("decision")]


async def listed(asker: Asker) -> list[str]:
    found = []
    for chosen in (
        {},
        {"action": common_pb2.ACTION_BLOCK},
        {"label": "red"},
        {"subject": "u1"},
        {"review_state": common_pb2.REVIEW_STATE_APPEALED},
        {"min_score": 0.0},
        {"reason_code": "red"},
    ):
        wanted = audit_pb2.ListDecisionsRequest(filter=audit_pb2.DecisionFilter(**chosen))
        answer = await asker.wire.audit.ListDecisions(wanted, **OTHER)
        found += [each.decision_id for each in answer.decisions]
        found += [token for token in (answer.next_page_token,) if token]
    return found


async def exported(asker: Asker) -> bytes:
    wanted = audit_pb2.ExportDecisionsRequest(format=audit_pb2.EXPORT_FORMAT_JSONL)
    return await asker.gather(asker.wire.audit.ExportDecisions(wanted, **OTHER))


async def intents(asker: Asker) -> list[str]:
    answer = await asker.wire.audit.ListOpenIntents(audit_pb2.ListOpenIntentsRequest(), **OTHER)
    return [each.intent_id for each in answer.intents]


async def erased(asker: Asker) -> int:
    asked = privacy_pb2.EraseSubjectRequest(request_id=fresh(), subject="u1")
    count: int = (await asker.wire.privacy.EraseSubject(asked, **OTHER)).erased_entries
    return count


AUDIT, REVIEW = "/countersign.v1.AuditService", "/countersign.v1.ReviewService"
BY_ID: dict[str, Ask] = {
    f"{AUDIT}/GetDecision": lambda ask: ask.wire.audit.GetDecision(
        audit_pb2.GetDecisionRequest(decision_id=ask.decision_id), **OTHER
    ),
    f"{AUDIT}/GetHistory": lambda ask: ask.wire.audit.GetHistory(
        audit_pb2.GetHistoryRequest(decision_id=ask.decision_id), **OTHER
    ),
    f"{AUDIT}/GetReceipt": lambda ask: ask.wire.audit.GetReceipt(
        audit_pb2.GetReceiptRequest(decision_id=ask.event_id), **OTHER
    ),
    f"{AUDIT}/GetBundle": lambda ask: ask.gather(
        ask.wire.audit.GetBundle(audit_pb2.GetBundleRequest(decision_id=ask.decision_id), **OTHER)
    ),
    f"{REVIEW}/ReviewDecision": lambda ask: ask.wire.reviews.ReviewDecision(
        review_pb2.ReviewDecisionRequest(
            request_id=fresh(), decision_id=ask.decision_id, action=common_pb2.ACTION_ALLOW, reason_code="x"
        ),
        **OTHER,
    ),
    f"{REVIEW}/Appeal": lambda ask: ask.wire.reviews.Appeal(
        review_pb2.AppealRequest(request_id=fresh(), decision_id=ask.decision_id, reason_code="x"), **OTHER
    ),
}
LISTS: dict[str, Ask] = {
    f"{AUDIT}/ListDecisions": listed,
    f"{AUDIT}/StreamDecisions": streamed,
    f"{AUDIT}/ExportDecisions": exported,
    f"{AUDIT}/ListOpenIntents": intents,
    "/countersign.v1.PrivacyService/EraseSubject": erased,
}
OF_THE_WHOLE_LOG = {f"{AUDIT}/GetCheckpoint", f"{AUDIT}/GetConsistencyProof"}


async def somebody_elses(wire: Wire) -> Asker:
    """A tenant with one of everything."""
    answer = await wire.screening.Screen(request(RED, subject="u1"), **ACME)
    decision_id = answer.decision.decision_id
    contested = review_pb2.AppealRequest(request_id=fresh(), decision_id=decision_id, reason_code="x", appellant="u1")
    filed = await wire.reviews.Appeal(contested, **ACME)
    await wire.house.log.append(Entry("intent", "acme", "acme", "cut-short", "", {"direction": "outbound"}))
    return Asker(wire, decision_id, filed.receipt.decision_id)


async def test_every_rpc_of_the_record_is_asked() -> None:
    services = (AUDIT, REVIEW, "/countersign.v1.PrivacyService")
    methods = {method for method in METHOD_ROLES if method.startswith(services)}
    assert BY_ID.keys() | LISTS.keys() | OF_THE_WHOLE_LOG == methods


@pytest.mark.parametrize("method", BY_ID)
async def test_what_is_anothers_is_as_good_as_absent(wire: Wire, method: str) -> None:
    theirs = await somebody_elses(wire)
    told = []
    for asker in (theirs, Asker(wire, ABSENT, ABSENT)):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await BY_ID[method](asker)
        assert caught.value.code() is grpc.StatusCode.NOT_FOUND
        details = caught.value.details() or ""
        told.append(details.replace(asker.decision_id, "ID").replace(asker.event_id, "ID"))
    assert told[0] == told[1]


@pytest.mark.parametrize("method", LISTS)
async def test_nothing_of_another_is_listed_or_touched(wire: Wire, method: str) -> None:
    theirs = await somebody_elses(wire)
    wanted = audit_pb2.GetHistoryRequest(decision_id=theirs.decision_id)
    before = await wire.audit.GetHistory(wanted, **ACME)
    assert not await LISTS[method](theirs)
    assert await wire.audit.GetHistory(wanted, **ACME) == before
    assert before.decision.subject == "u1"


async def test_another_tenants_page_token_is_refused(wire: Wire) -> None:
    for _ in range(2):
        await wire.screening.Screen(request(RED), **ACME)
    page = await wire.audit.ListDecisions(audit_pb2.ListDecisionsRequest(page_size=1), **ACME)
    stolen = audit_pb2.ListDecisionsRequest(page_size=1, page_token=page.next_page_token)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await wire.audit.ListDecisions(stolen, **OTHER)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_the_same_person_at_two_platforms_is_two_persons(wire: Wire) -> None:
    for who in (ACME, OTHER):
        await wire.screening.Screen(request(RED, subject="u1"), **who)
    asked = privacy_pb2.EraseSubjectRequest(request_id=fresh(), subject="u1")
    assert (await wire.privacy.EraseSubject(asked, **OTHER)).erased_entries == 1
    kept = await wire.audit.ListDecisions(audit_pb2.ListDecisionsRequest(), **ACME)
    assert [each.subject for each in kept.decisions] == ["u1"]
