"""Who goes away stops the work between two steps, and the record says that it was for nobody."""

from __future__ import annotations

import asyncio
import json
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest

from core.errors import PreconditionFailed, Unavailable
from core.media import digest_of
from countersign.v1 import generation_pb2
from server.audit import Recorded
from server.audit.entries.entry import Kind
from server.audit.fsck import fsck
from server.previews import Preview
from tests.server.conftest import CALLER, House, leaf
from tests.server.painters import Studio, settling
from tests.server.test_pipeline import order, silent
from tests.server.wires import ACME, Wire, wired

KINDS: tuple[Kind, ...] = ("intent", "cancellation", "decision")
pytestmark = pytest.mark.asyncio(loop_scope="session")


async def orphans(house: House) -> tuple[Recorded, ...]:
    return await house.log.orphaned_intents(datetime.now(UTC) + timedelta(minutes=1))


async def cancelled(house: House, studio: Studio, wanted: Any, shown: list[Preview]) -> dict[str, Any]:
    """The entry that closes an order which is cancelled once its making has begun."""
    studio.hold.clear()
    task = asyncio.create_task(house.pipeline.make(wanted, CALLER, silent, shown.append))
    await asyncio.to_thread(studio.started.wait, 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    studio.hold.set()
    assert await asyncio.to_thread(studio.stopped.wait, 10)
    found = await house.log.find(CALLER.tenant, wanted.request_id, "cancellation")
    assert found is not None
    return leaf(found)


async def test_nothing_is_decoded_and_the_intent_is_closed(house: House) -> None:
    studio = Studio()
    wanted = order(studio, subject="person-1")
    entry = await cancelled(house, studio, wanted, [])
    assert studio.decoded == 0
    assert (entry["direction"], entry["task"]) == ("outbound", "text_to_image")
    intent = await house.log.find(CALLER.tenant, wanted.request_id, "intent")
    assert intent is not None
    assert entry["intent_index"] == intent.index
    assert await orphans(house) == ()
    assert await house.entries() == []
    assert fsck(house.url, (await house.log.checkpoint()).log_key).ok


async def test_a_cancelled_id_is_used_up_and_what_it_asked_for_is_not(house: House) -> None:
    """A second try under one id would have neither an intent nor an end of its own on the record."""
    studio = Studio()
    wanted = order(studio)
    await cancelled(house, studio, wanted, [])
    with pytest.raises(PreconditionFailed, match="was cancelled"):
        await house.pipeline.make(wanted, CALLER, silent)
    made = await house.pipeline.make(replace(wanted, request_id=uuid.uuid4().hex), CALLER, silent)
    assert made.output
    assert leaf(made.recorded)["action"] == "ALLOW"


async def test_previews_that_left_are_named_though_nothing_else_did(house: House) -> None:
    loop = asyncio.get_running_loop()
    shown: list[Preview] = []
    tasks: list[asyncio.Task[Any]] = []

    def show(preview: Preview) -> None:
        shown.append(preview)
        tasks[0].cancel()

    studio = Studio(settling(loop))
    wanted = order(studio, previews=True)
    tasks.append(asyncio.create_task(house.pipeline.make(wanted, CALLER, silent, show)))
    await asyncio.gather(*tasks, return_exceptions=True)
    found = await house.log.find(CALLER.tenant, wanted.request_id, "cancellation")
    intent = await house.log.find(CALLER.tenant, wanted.request_id, "intent")
    assert found is not None
    assert intent is not None
    assert leaf(intent)["making"]["previews_asked"]
    assert [each["digest"] for each in leaf(found)["previews"]] == [digest_of(each.data) for each in shown]
    assert len(shown) == 1


async def test_where_the_log_cannot_take_it_the_intent_stays_open(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio = Studio()
    append = house.log.append

    async def down(entry: Any) -> Recorded:
        if entry.kind == "cancellation":
            raise Unavailable("the disk is full")
        return await append(entry)

    monkeypatch.setattr(house.log, "append", down)
    studio.hold.clear()
    task = asyncio.create_task(house.pipeline.make(order(studio), CALLER, silent))
    await asyncio.to_thread(studio.started.wait, 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    studio.hold.set()
    assert len(await orphans(house)) == 1


@pytest.mark.parametrize(
    ("written", "kinds"), [("intent", {"intent", "cancellation"}), ("decision", {"intent", "decision"})]
)
async def test_what_is_being_written_when_the_caller_goes_is_written_and_ended_once(
    house: House, monkeypatch: pytest.MonkeyPatch, written: str, kinds: set[str]
) -> None:
    append = house.log.append
    tasks: list[asyncio.Task[Any]] = []

    async def appended(entry: Any) -> Recorded:
        if entry.kind == written:
            tasks[0].cancel()
            await asyncio.sleep(0.01)  # the writer does not notice
        return await append(entry)

    monkeypatch.setattr(house.log, "append", appended)
    wanted = order(Studio())
    tasks.append(asyncio.create_task(house.pipeline.make(wanted, CALLER, silent)))
    with pytest.raises(asyncio.CancelledError):
        await tasks[0]
    found = {kind: await house.log.find(CALLER.tenant, wanted.request_id, kind) for kind in KINDS}
    assert {kind for kind, entry in found.items() if entry is not None} == kinds
    assert await orphans(house) == ()


async def test_a_caller_that_hangs_up_stops_the_model(house: House) -> None:
    async with wired(house) as wire:
        request_id = uuid.uuid4().hex
        await hang_up(wire, request_id)
        while (found := await house.log.find("acme", request_id, "cancellation")) is None:
            await asyncio.sleep(0.01)
        assert json.loads(found.leaf)["kind"] == "cancellation"
        wire.studio.hold.set()
        assert await asyncio.to_thread(wire.studio.stopped.wait, 10)
        assert wire.studio.decoded == 0


async def hang_up(wire: Wire, request_id: str) -> None:
    wire.studio.hold.clear()
    asked = generation_pb2.GenerateRequest(request_id=request_id, prompt="a wall", model="text_to_image-studio")
    call = wire.generation.Generate(asked, **ACME)
    reading = asyncio.create_task(drained(call))
    await asyncio.to_thread(wire.studio.started.wait, 10)
    call.cancel()
    with pytest.raises((asyncio.CancelledError, grpc.aio.AioRpcError)):
        await reading


async def drained(call: Any) -> None:
    async for _ in call:
        pass
