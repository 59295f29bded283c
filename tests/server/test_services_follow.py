"""StreamDecisions over the wire: it lasts, it can be gone on with, and nobody's slowness is another's loss."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import grpc
import grpc.aio
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from countersign.v1 import audit_pb2, common_pb2
from server.audit import Entry, Filter, Recorded
from server.services.following import STREAMS_OF_ONE
from tests.server.conftest import png
from tests.server.wires import ACME, OTHER, RED, Wire, fails, request

pytestmark = pytest.mark.asyncio(loop_scope="session")

ENDLESS = {"metadata": ACME["metadata"]}
Answer = audit_pb2.StreamDecisionsResponse


def follow(wire: Wire, options: dict[str, Any] = ENDLESS, **fields: Any) -> Any:
    return wire.audit.StreamDecisions(audit_pb2.StreamDecisionsRequest(**fields), **options)


async def next_of(call: Any) -> Answer:
    answer = await asyncio.wait_for(call.read(), 10)
    assert isinstance(answer, Answer)
    return answer


async def decision_of(call: Any) -> Answer:
    """The next answer that is more than a sign of life."""
    while not (answer := await next_of(call)).HasField("decision"):
        pass
    return answer


async def test_it_says_at_once_where_to_go_on_and_then_what_is_new(wire: Wire) -> None:
    await wire.screening.Screen(request(), **ACME)
    call = follow(wire)
    start = await next_of(call)
    assert not start.HasField("decision")
    assert start.log_index == 0, "what is there already is not news"
    new = await wire.screening.Screen(request(png()), **ACME)
    came = await decision_of(call)
    assert came.decision == new.decision
    assert came.log_index == new.receipt.log_index
    call.cancel()


async def test_it_gives_signs_of_life(wire: Wire) -> None:
    call = follow(wire)
    signs = [await next_of(call) for _ in range(3)]
    assert not any(sign.HasField("decision") for sign in signs)
    assert {sign.log_index for sign in signs} == {-1}
    call.cancel()


async def test_it_goes_on_where_it_broke_off_and_filters(wire: Wire) -> None:
    for number in range(4):
        await wire.screening.Screen(request(RED if number % 2 else png((0, number, 0))), **ACME)
    everything = follow(wire, after=-1)
    assert [(await decision_of(everything)).log_index for _ in range(4)] == [0, 1, 2, 3]
    everything.cancel()
    blocked = audit_pb2.DecisionFilter(action=common_pb2.ACTION_BLOCK)
    later = follow(wire, after=1, filter=blocked)
    assert (await decision_of(later)).log_index == 3
    later.cancel()


async def test_it_needs_no_deadline_and_keeps_one(wire: Wire) -> None:
    call = follow(wire, {**ACME, "timeout": 0.5})
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        [answer async for answer in call]
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED


async def test_an_unfit_start_is_refused(wire: Wire) -> None:
    found = await fails(follow(wire, after=-2).read(), grpc.StatusCode.INVALID_ARGUMENT)
    assert found["field"] == "after"


async def test_a_tenant_has_so_many_streams_and_gets_them_back(wire: Wire) -> None:
    calls = [follow(wire) for _ in range(STREAMS_OF_ONE)]
    for call in calls:
        await next_of(call)
    found = await fails(follow(wire).read(), grpc.StatusCode.RESOURCE_EXHAUSTED)
    assert found["limit"] == f"{STREAMS_OF_ONE} at a time"
    other = follow(wire, {"metadata": OTHER["metadata"]})
    await next_of(other)
    for call in (*calls, other):
        call.cancel()
    async with asyncio.timeout(10):
        while True:
            again = follow(wire)
            try:
                await next_of(again)
                break
            except grpc.aio.AioRpcError:
                await asyncio.sleep(0.02)
    again.cancel()


async def test_a_server_that_stops_tells_its_followers_to_come_back(wire: Wire) -> None:
    call = follow(wire)
    await next_of(call)
    wire.followers.close()
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await decision_of(call)
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    status = rpc_status.from_call(caught.value)
    assert status is not None
    assert any(detail.Is(error_details_pb2.RetryInfo.DESCRIPTOR) for detail in status.details)


async def test_a_reader_who_does_not_read_holds_next_to_nothing(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    log, drawn = wire.house.log, 0
    original = log.follow

    async def counted(tenant: str, wanted: Filter, after: int) -> AsyncIterator[Recorded]:
        nonlocal drawn
        async for recorded in original(tenant, wanted, after):
            drawn += 1
            yield recorded

    monkeypatch.setattr(log, "follow", counted)
    reason = {"rule": "r", "code": "c", "text": "x" * 30_000, "action": "ALLOW", "operands": {}}
    body = {"direction": "inbound", "action": "ALLOW", "reasons": [reason]}
    entry = Entry("decision", "acme", "a", "", "", body, action=1, direction="inbound")
    await asyncio.gather(*(log.append(replace(entry, request_id=f"large-{n}")) for n in range(400)))
    call = follow(wire, after=-1)
    await next_of(call)
    before = -1
    while drawn != before:
        before = drawn
        await asyncio.sleep(0.5)
    assert drawn < 300, "what the transport takes, and no more"
    await wire.screening.Screen(request(), **ACME)
    with closing(sqlite3.connect(wire.house.folder / "log.db")) as database:
        (held, _, _) = database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    assert not held, "no snapshot keeps the write-ahead log from being cut"
    seen = [(await decision_of(call)).log_index for _ in range(401)]
    assert seen == list(range(401)), "and the reader misses nothing"
    call.cancel()
