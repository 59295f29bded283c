"""A token that lists further tenants reads exactly those, through every RPC that reads, and writes for none of them."""

from __future__ import annotations

import asyncio
import io
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import grpc
import pytest
from google.protobuf.descriptor import Descriptor
from pyarrow import parquet
from structlog.testing import capture_logs

from core.errors import LimitExceeded
from countersign.v1 import audit_pb2, common_pb2, privacy_pb2, review_pb2
from server.admission import Seats
from server.audit import Entry
from server.audit.export import DsaMapping, Format
from server.audit.reading.matching import Filter
from server.health import FILES
from server.services.files import Files
from server.services.following import STREAMS_OF_ONE
from tests.server.wires import ACME, GROUP, OTHER, RED, Wire, fails, request

pytestmark = pytest.mark.asyncio(loop_scope="session")


@dataclass(frozen=True)
class Asker:
    """Asks as one caller for one tenant's record, in which the decision stands."""

    wire: Wire
    who: dict[str, Any]
    tenant: str
    decision_id: str

    @property
    def chosen(self) -> audit_pb2.DecisionFilter:
        return audit_pb2.DecisionFilter(tenant=self.tenant)

    @property
    def one(self) -> dict[str, Any]:
        return {"tenant": self.tenant, "decision_id": self.decision_id}


Ask: TypeAlias = Callable[[Asker], Awaitable[Any]]


async def listed(asker: Asker) -> list[common_pb2.Decision]:
    """Everything, a decision a page."""
    asked = audit_pb2.ListDecisionsRequest(filter=asker.chosen, page_size=1)
    found: list[common_pb2.Decision] = []
    while True:
        page = await asker.wire.audit.ListDecisions(asked, **asker.who)
        found += page.decisions
        if not page.next_page_token:
            return found
        asked.page_token = page.next_page_token


async def streamed(asker: Asker) -> list[common_pb2.Decision]:
    asked = audit_pb2.StreamDecisionsRequest(after=-1, filter=asker.chosen)
    call = asker.wire.audit.StreamDecisions(asked, metadata=asker.who["metadata"])
    answers = [await asyncio.wait_for(call.read(), 10) for _ in range(4)]
    call.cancel()
    return [answer.decision for answer in answers if answer.HasField("decision")]


async def exported(asker: Asker) -> bytes:
    asked = audit_pb2.ExportDecisionsRequest(format=audit_pb2.EXPORT_FORMAT_PARQUET, filter=asker.chosen)
    return b"".join([part.chunk async for part in asker.wire.audit.ExportDecisions(asked, **asker.who)])


async def shown(asker: Asker) -> Any:
    asked = audit_pb2.GetDecisionRequest(**asker.one, include_evidence=True)
    return (await asker.wire.audit.GetDecision(asked, **asker.who)).decision


async def told(asker: Asker) -> Any:
    asked = audit_pb2.GetHistoryRequest(**asker.one, include_receipts=True)
    return await asker.wire.audit.GetHistory(asked, **asker.who)


async def proven(asker: Asker) -> Any:
    return (await asker.wire.audit.GetReceipt(audit_pb2.GetReceiptRequest(**asker.one), **asker.who)).receipt


async def bundled(asker: Asker) -> bytes:
    asked = audit_pb2.GetBundleRequest(**asker.one)
    return b"".join([part.chunk async for part in asker.wire.audit.GetBundle(asked, **asker.who)])


async def announced(asker: Asker) -> list[audit_pb2.OpenIntent]:
    asked = audit_pb2.ListOpenIntentsRequest(tenant=asker.tenant)
    return list((await asker.wire.audit.ListOpenIntents(asked, **asker.who)).intents)


LISTS: dict[str, Ask] = {
    "ListDecisions": listed,
    "StreamDecisions": streamed,
    "ExportDecisions": exported,
    "ListOpenIntents": announced,
}
BY_ID: dict[str, Ask] = {"GetDecision": shown, "GetHistory": told, "GetReceipt": proven, "GetBundle": bundled}
READS = LISTS | BY_ID
ELSEWHERE = {"ExplainDecision"}
"""Needs a policy of rules: tests/server/policy/test_life.py."""


def fresh() -> str:
    return uuid.uuid4().hex


async def recorded(wire: Wire) -> str:
    """Two decisions, an appeal of the last and an open intent of acme's; the last decision's id."""
    await wire.screening.Screen(request(RED), **ACME)
    last: str = (await wire.screening.Screen(request(RED, subject="u1"), **ACME)).decision.decision_id
    contested = review_pb2.AppealRequest(request_id=fresh(), decision_id=last, reason_code="x", appellant="u1")
    await wire.reviews.Appeal(contested, **ACME)
    await wire.house.log.append(Entry("intent", "acme", "acme", "cut-short", "", {"direction": "outbound"}))
    return last


def names_a_tenant(message: Descriptor | None) -> bool:
    """Whether the request, or the filter in it, can say whose record is meant."""
    fields = message.fields_by_name if message else {}
    return "tenant" in fields or ("filter" in fields and names_a_tenant(fields["filter"].message_type))


async def test_every_rpc_that_can_name_a_tenant_is_asked() -> None:
    services = [service for file in FILES for service in file.DESCRIPTOR.services_by_name.values()]
    requests = {method.name: method.input_type for service in services for method in service.methods}
    assert {name for name, message in requests.items() if names_a_tenant(message)} == READS.keys() | ELSEWHERE


@pytest.mark.parametrize("method", READS)
async def test_a_listed_tenant_is_read_as_by_itself(wire: Wire, method: str) -> None:
    last = await recorded(wire)
    own = await READS[method](Asker(wire, ACME, "", last))
    assert own
    assert await READS[method](Asker(wire, ACME, "acme", last)) == own, "its own name is its own record"
    assert await READS[method](Asker(wire, GROUP, "acme", last)) == own


@pytest.mark.parametrize("method", READS)
@pytest.mark.parametrize("who", [GROUP, ACME], ids=["reads another", "reads nobody"])
async def test_a_tenant_that_is_not_listed_is_refused_whether_it_exists_or_not(
    wire: Wire, who: dict[str, Any], method: str
) -> None:
    answer = await wire.screening.Screen(request(RED), **OTHER)
    refused = []
    for tenant in ("other", "nobody"):
        asked = READS[method](Asker(wire, who, tenant, answer.decision.decision_id))
        details = await fails(asked, grpc.StatusCode.PERMISSION_DENIED)
        refused.append({name: text.replace(tenant, "NAME") for name, text in details.items() if name != "support_id"})
    assert refused[0] == refused[1]


@pytest.mark.parametrize("method", BY_ID)
async def test_unless_it_is_named_a_listed_tenants_decision_is_as_good_as_absent(wire: Wire, method: str) -> None:
    last = await recorded(wire)
    for tenant in ("", "group"):
        await fails(BY_ID[method](Asker(wire, GROUP, tenant, last)), grpc.StatusCode.NOT_FOUND)


async def test_unless_it_is_named_nothing_of_a_listed_tenant_is_listed(wire: Wire) -> None:
    last = await recorded(wire)
    own = (await wire.screening.Screen(request(RED), **GROUP)).decision
    asker = Asker(wire, GROUP, "", last)
    assert [each.decision_id for each in await listed(asker)] == [own.decision_id]
    assert [each.decision_id for each in await streamed(asker)] == [own.decision_id]
    assert await announced(asker) == []


async def test_a_page_token_is_good_for_the_tenant_it_was_made_for(wire: Wire) -> None:
    await recorded(wire)
    for _ in range(2):
        await wire.screening.Screen(request(RED), **GROUP)
    asked = audit_pb2.ListDecisionsRequest(page_size=1, filter=audit_pb2.DecisionFilter(tenant="acme"))
    asked.page_token = (await wire.audit.ListDecisions(asked, **GROUP)).next_page_token
    asked.filter.tenant = ""
    await fails(wire.audit.ListDecisions(asked, **GROUP), grpc.StatusCode.INVALID_ARGUMENT)


async def test_an_export_says_whose_record_it_is(wire: Wire) -> None:
    last = await recorded(wire)
    table = parquet.read_table(io.BytesIO(await exported(Asker(wire, GROUP, "acme", last))))
    assert table.schema.metadata[b"countersign.tenant"] == b"acme"
    assert set(table["tenant"].to_pylist()) == {"acme"}


@pytest.mark.parametrize("name", ["*", "Acme", "acme\n", "x" * 64])
async def test_what_is_no_name_of_a_tenant_is_invalid(wire: Wire, name: str) -> None:
    for ask in READS.values():
        await fails(ask(Asker(wire, GROUP, name, "0" * 32)), grpc.StatusCode.INVALID_ARGUMENT)


async def test_nothing_is_written_for_a_tenant_that_is_only_read(wire: Wire) -> None:
    last = await recorded(wire)
    history = audit_pb2.GetHistoryRequest(decision_id=last)
    before = await wire.audit.GetHistory(history, **ACME)
    review = review_pb2.ReviewDecisionRequest(
        request_id=fresh(), decision_id=last, action=common_pb2.ACTION_ALLOW, reason_code="x"
    )
    await fails(wire.reviews.ReviewDecision(review, **GROUP), grpc.StatusCode.NOT_FOUND)
    appeal = review_pb2.AppealRequest(request_id=fresh(), decision_id=last, reason_code="x")
    await fails(wire.reviews.Appeal(appeal, **GROUP), grpc.StatusCode.NOT_FOUND)
    erasure = privacy_pb2.EraseSubjectRequest(request_id=fresh(), subject="u1")
    assert (await wire.privacy.EraseSubject(erasure, **GROUP)).erased_entries == 0
    assert await wire.audit.GetHistory(history, **ACME) == before


async def test_whoever_reads_anothers_stream_takes_a_place_of_its_own(wire: Wire) -> None:
    asked = audit_pb2.StreamDecisionsRequest(after=-1, filter=audit_pb2.DecisionFilter(tenant="acme"))
    calls = [wire.audit.StreamDecisions(asked, metadata=GROUP["metadata"]) for _ in range(STREAMS_OF_ONE)]
    for call in calls:
        await asyncio.wait_for(call.read(), 10)
    one_more = wire.audit.StreamDecisions(asked, metadata=GROUP["metadata"])
    await fails(asyncio.wait_for(one_more.read(), 10), grpc.StatusCode.RESOURCE_EXHAUSTED)
    own = wire.audit.StreamDecisions(asked, metadata=ACME["metadata"])
    assert not (await asyncio.wait_for(own.read(), 10)).HasField("decision")
    for call in (*calls, own):
        call.cancel()


async def test_whoever_reads_anothers_file_takes_a_place_of_its_own(wire: Wire) -> None:
    last = await recorded(wire)
    files = Files(wire.house.log, DsaMapping(), Seats(8, 1))
    held = files.export("acme", Filter(), Format.JSONL, reader="group")
    assert await anext(held)
    for more in (
        files.export("acme", Filter(), Format.JSONL, reader="group"),
        files.bundle("acme", last, reader="group"),
    ):
        with pytest.raises(LimitExceeded):
            await anext(more)
    assert await anext(files.bundle("acme", last, reader="acme"))


async def test_reading_another_tenant_leaves_a_line_that_says_so(wire: Wire) -> None:
    chosen = audit_pb2.DecisionFilter(tenant="acme")
    with capture_logs() as lines:
        await wire.audit.ListDecisions(audit_pb2.ListDecisionsRequest(filter=chosen), **GROUP)
        await wire.audit.ListDecisions(audit_pb2.ListDecisionsRequest(), **ACME)
    first, second = (line for line in lines if line["event"] == "rpc")
    assert (first["of"], first["tenant"] != "acme", bool(first["actor"])) == ("acme", True, True)
    assert "of" not in second
