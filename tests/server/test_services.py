"""The services over a real channel: what a caller sees, and what an unfit call gets."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Any

import grpc
import grpc.aio
import pytest
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_status import rpc_status
from structlog.testing import capture_logs

from core.media import digest_of
from countersign.v1 import audit_pb2, common_pb2, generation_pb2, model_pb2, provenance_pb2, screening_pb2
from countersign.v1.model_pb2_grpc import ModelServiceStub
from countersign.v1.provenance_pb2_grpc import ProvenanceServiceStub
from countersign.verify.receipt import verify_receipt
from server.services.screening import received
from server.services.uploads import MAX_UNARY
from tests.server.conftest import png
from tests.server.wires import ACME, OTHER, RED, Wire, as_, fails, request

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_screening_answers_with_decision_evidence_and_a_receipt_that_verifies(wire: Wire) -> None:
    answer = await wire.screening.Screen(request(include_evidence=True), **ACME)
    assert answer.decision.action == common_pb2.ACTION_BLOCK
    assert answer.decision.tenant == "acme"
    assert answer.decision.findings[0].evidence[0].data == b"very red"
    receipt = {
        "decision_id": answer.receipt.decision_id,
        "log_index": answer.receipt.log_index,
        "entry": answer.receipt.entry.decode(),
        "proof": answer.receipt.proof,
        "log_key": answer.receipt.log_key,
    }
    assert all(check.ok for check in verify_receipt(receipt, RED, answer.receipt.log_key))
    assert not all(check.ok for check in verify_receipt(receipt, RED + b"x", answer.receipt.log_key))


async def test_a_call_without_a_deadline_is_refused(wire: Wire) -> None:
    found = await fails(wire.screening.Screen(request(), metadata=ACME["metadata"]), grpc.StatusCode.INVALID_ARGUMENT)
    assert found["field"] == "deadline"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"request_id": "short"}, "request_id"),
        ({"request_id": "no spaces allowed"}, "request_id"),
        ({"context": common_pb2.Context(jurisdiction="de")}, "context.jurisdiction"),
        ({"media": b""}, "media"),
    ],
)
async def test_an_unfit_request_names_its_field(wire: Wire, fields: dict[str, Any], field: str) -> None:
    found = await fails(wire.screening.Screen(request(**fields), **ACME), grpc.StatusCode.INVALID_ARGUMENT)
    assert found["field"] == field


@pytest.mark.parametrize("seconds", [2**62, -(2**62)])
async def test_a_time_outside_the_calendar_is_refused(wire: Wire, seconds: int) -> None:
    asked = audit_pb2.ListDecisionsRequest()
    asked.until.seconds = seconds
    found = await fails(wire.audit.ListDecisions(asked, **ACME), grpc.StatusCode.INVALID_ARGUMENT)
    assert found["field"] == "until"


async def test_media_above_the_limit_is_refused_on_the_record(wire: Wire) -> None:
    found = await fails(
        wire.screening.Screen(request(bytes(MAX_UNARY + 1)), **ACME), grpc.StatusCode.RESOURCE_EXHAUSTED
    )
    assert found["limit"] == f"{MAX_UNARY} bytes"
    assert found["found"] == f"{MAX_UNARY + 1} bytes"
    assert (await wire.house.entries())[0]["refusal"]["field"] == "media"


async def test_callers_without_a_token_or_role_stay_out(wire: Wire) -> None:
    await fails(wire.screening.Screen(request(), timeout=5), grpc.StatusCode.UNAUTHENTICATED)
    await fails(wire.screening.Screen(request(), **as_("reader")), grpc.StatusCode.PERMISSION_DENIED)
    assert await wire.house.entries() == []


async def test_tenants_do_not_see_each_other(wire: Wire) -> None:
    answer = await wire.screening.Screen(request(), **ACME)
    wanted = audit_pb2.GetDecisionRequest(decision_id=answer.decision.decision_id)
    await wire.audit.GetDecision(wanted, **ACME)
    await fails(wire.audit.GetDecision(wanted, **OTHER), grpc.StatusCode.NOT_FOUND)
    receipt = audit_pb2.GetReceiptRequest(decision_id=answer.decision.decision_id)
    await fails(wire.audit.GetReceipt(receipt, **OTHER), grpc.StatusCode.NOT_FOUND)
    assert not (await wire.audit.ListDecisions(audit_pb2.ListDecisionsRequest(), **OTHER)).decisions


async def test_the_same_id_belongs_to_each_tenant_alone(wire: Wire) -> None:
    mine = await wire.screening.Screen(request(request_id="shared-id"), **ACME)
    theirs = await wire.screening.Screen(request(png(), request_id="shared-id"), **OTHER)
    assert mine.decision.decision_id != theirs.decision.decision_id
    await fails(wire.screening.Screen(request(png(), request_id="shared-id"), **ACME), grpc.StatusCode.ALREADY_EXISTS)


async def test_decisions_are_listed_newest_first_by_page_and_filter(wire: Wire) -> None:
    for number in range(5):
        await wire.screening.Screen(request(png((number, 0, 0))), **ACME)
    red = await wire.screening.Screen(request(), **ACME)
    page = await wire.audit.ListDecisions(audit_pb2.ListDecisionsRequest(page_size=4), **ACME)
    rest = await wire.audit.ListDecisions(
        audit_pb2.ListDecisionsRequest(page_size=4, page_token=page.next_page_token), **ACME
    )
    assert page.decisions[0].decision_id == red.decision.decision_id
    assert len(page.decisions) + len(rest.decisions) == 6
    assert rest.next_page_token == ""
    for wanted in (
        audit_pb2.ListDecisionsRequest(action=common_pb2.ACTION_BLOCK),
        audit_pb2.ListDecisionsRequest(detector="red"),
        audit_pb2.ListDecisionsRequest(media_digest=digest_of(RED)),
    ):
        found = await wire.audit.ListDecisions(wanted, **ACME)
        assert [each.decision_id for each in found.decisions] == [red.decision.decision_id]
    forged = audit_pb2.ListDecisionsRequest(page_token="forged")  # noqa: S106 - a page token is no password
    await fails(wire.audit.ListDecisions(forged, **ACME), grpc.StatusCode.INVALID_ARGUMENT)


def parts(
    media: bytes, *, size: int | None = None, digest: str = "", chunk: int = 1000
) -> Iterator[screening_pb2.ScreenStreamRequest]:
    header = screening_pb2.ScreenStreamHeader(
        request_id=uuid.uuid4().hex, byte_size=len(media) if size is None else size
    )
    yield screening_pb2.ScreenStreamRequest(header=header)
    for start in range(0, len(media), chunk):
        yield screening_pb2.ScreenStreamRequest(chunk=media[start : start + chunk])
    yield screening_pb2.ScreenStreamRequest(digest=digest or digest_of(media))


async def test_a_stream_is_screened_as_the_same_media(wire: Wire) -> None:
    answer = await wire.screening.ScreenStream(parts(RED, chunk=100), **ACME)
    assert answer.decision.media_digest == digest_of(RED)
    assert answer.decision.action == common_pb2.ACTION_BLOCK


async def test_a_stream_is_counted_by_what_came_not_by_what_was_announced() -> None:
    async def stream() -> AsyncIterator[screening_pb2.ScreenStreamRequest]:
        for part in list(parts(RED, chunk=100))[1:]:
            yield part

    counted: list[int] = []
    assert await received(stream(), len(RED), counted.append) == RED
    assert max(counted) == 100
    assert sum(counted) == len(RED)


@pytest.mark.parametrize(
    ("stream", "field", "code"),
    [
        (lambda: parts(RED, digest=digest_of(b"other")), "digest", grpc.StatusCode.INVALID_ARGUMENT),
        (lambda: parts(RED, size=len(RED) + 1), "byte_size", grpc.StatusCode.INVALID_ARGUMENT),
        (lambda: parts(RED, size=10), "byte_size", grpc.StatusCode.INVALID_ARGUMENT),
        (lambda: list(parts(RED))[1:], "part", grpc.StatusCode.INVALID_ARGUMENT),
        (lambda: list(parts(RED))[:-1], "digest", grpc.StatusCode.INVALID_ARGUMENT),
        (lambda: [*list(parts(RED))[:1] * 2], "part", grpc.StatusCode.INVALID_ARGUMENT),
        (list, "part", grpc.StatusCode.INVALID_ARGUMENT),
        (lambda: parts(RED, size=100_001), "media", grpc.StatusCode.RESOURCE_EXHAUSTED),
    ],
)
async def test_a_broken_stream_is_refused(wire: Wire, stream: Any, field: str, code: grpc.StatusCode) -> None:
    sent = list(stream())
    found = await fails(wire.screening.ScreenStream(iter(sent), **ACME), code)
    assert found["field"] == field
    recorded = [entry["refusal"]["field"] for entry in await wire.house.entries()]
    assert recorded == ([field] if sent and sent[0].HasField("header") else []), "a header has an id to record under"


async def test_generate_streams_progress_then_chunks_then_the_result(wire: Wire) -> None:
    order = generation_pb2.GenerateRequest(request_id=uuid.uuid4().hex, prompt="a wall", parameters={"grey": "9"})
    received = [part async for part in wire.generation.Generate(order, **ACME)]
    kinds = [part.WhichOneof("part") for part in received]
    assert list(dict.fromkeys(kinds)) == ["progress", "chunk", "result"]
    media = b"".join(part.chunk for part in received)
    result = received[-1].result
    assert digest_of(media) == result.digest
    assert result.decision.provenance.state == common_pb2.CREDENTIAL_STATE_TRUSTED
    seen = await ProvenanceServiceStub(wire.channel).Inspect(
        provenance_pb2.InspectRequest(request_id=uuid.uuid4().hex, media=media), **ACME
    )
    assert seen.provenance.state == common_pb2.CREDENTIAL_STATE_TRUSTED
    assert seen.manifest_store_json
    assert (seen.chain.label, seen.crjson) == (seen.provenance.manifest_id, "")
    request = provenance_pb2.InspectRequest(request_id=uuid.uuid4().hex, media=media, include_crjson=True)
    asked = await ProvenanceServiceStub(wire.channel).Inspect(request, **ACME)
    assert json.loads(asked.crjson)["manifests"][0]["label"] == seen.chain.label


async def collect(call: Any) -> list[Any]:
    return [part async for part in call]


async def test_a_blocked_output_sends_no_bytes(wire: Wire) -> None:
    order = generation_pb2.GenerateRequest(request_id=uuid.uuid4().hex, prompt="red")
    received = await collect(wire.generation.Generate(order, **ACME))
    assert "chunk" not in {part.WhichOneof("part") for part in received}
    assert received[-1].result.digest == ""
    assert received[-1].result.decision.action == common_pb2.ACTION_BLOCK


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"task": "colourise"}, grpc.StatusCode.NOT_FOUND, None),
        ({"task": "upscale", "model": "unknown"}, grpc.StatusCode.INVALID_ARGUMENT, "model"),
        ({"task": "upscale", "parameters": {"grey": "900"}}, grpc.StatusCode.INVALID_ARGUMENT, "parameters.grey"),
        ({"task": "upscale", "parameters": {"gray": "9"}}, grpc.StatusCode.INVALID_ARGUMENT, "parameters.gray"),
        ({"task": "upscale", "parameters": {"grey": "9" * 400}}, grpc.StatusCode.INVALID_ARGUMENT, "parameters.grey"),
        ({"task": "upscale", "seed": 2**53}, grpc.StatusCode.INVALID_ARGUMENT, "seed"),
        ({"task": "upscale", "label": {"height_fraction": 0.1}}, grpc.StatusCode.INVALID_ARGUMENT, "label"),
        ({"task": "upscale", "label": {"text": "A" * 65}}, grpc.StatusCode.INVALID_ARGUMENT, "label.text"),
        ({"task": "upscale", "label": {"text": "AI ☃"}}, grpc.StatusCode.INVALID_ARGUMENT, "label.text"),
        ({"task": "upscale", "label": {"mark": 7}}, grpc.StatusCode.INVALID_ARGUMENT, "label.mark"),
        (
            {"task": "upscale", "label": {"text": "AI", "height_fraction": 0.5}},
            grpc.StatusCode.INVALID_ARGUMENT,
            "label.height_fraction",
        ),
        ({"task": "Up Scale"}, grpc.StatusCode.INVALID_ARGUMENT, "task"),
        ({"task": "upscale", "media": bytes(MAX_UNARY + 1)}, grpc.StatusCode.RESOURCE_EXHAUSTED, "media"),
    ],
)
async def test_an_unfit_order_is_refused(
    wire: Wire, fields: dict[str, Any], code: grpc.StatusCode, field: str | None
) -> None:
    order = generation_pb2.EnhanceRequest(**{"request_id": uuid.uuid4().hex, "media": png(), **fields})
    found = await fails(collect(wire.generation.Enhance(order, **ACME)), code)
    assert found.get("field") == field


async def test_a_name_longer_than_trailers_is_refused_with_details_all_the_same(wire: Wire) -> None:
    order = generation_pb2.EnhanceRequest(
        request_id=uuid.uuid4().hex, media=png(), task="upscale", parameters={"x" * 1_000_000: "1"}
    )
    found = await fails(collect(wire.generation.Enhance(order, **ACME)), grpc.StatusCode.INVALID_ARGUMENT)
    assert found["field"].startswith("parameters.xxx")


async def test_a_caller_who_goes_away_stops_the_work(wire: Wire) -> None:
    order = generation_pb2.EnhanceRequest(request_id=uuid.uuid4().hex, media=png(), task="denoise")
    call = wire.generation.Enhance(order, **ACME)
    await call.read()
    assert await asyncio.to_thread(wire.slow.started.wait, 10)
    call.cancel()
    assert await asyncio.to_thread(wire.slow.stopped.wait, 5)


async def test_a_deadline_that_passes_stops_the_work(wire: Wire) -> None:
    order = generation_pb2.EnhanceRequest(request_id=uuid.uuid4().hex, media=png(), task="denoise")
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await collect(wire.generation.Enhance(order, **{**ACME, "timeout": 1.0}))
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert await asyncio.to_thread(wire.slow.stopped.wait, 5)


async def test_models_are_listed_with_their_cards(wire: Wire) -> None:
    stub = ModelServiceStub(wire.channel)
    everything = (await stub.ListModels(model_pb2.ListModelsRequest(), **ACME)).models
    makers = (await stub.ListModels(model_pb2.ListModelsRequest(role=model_pb2.MODEL_ROLE_GENERATOR), **ACME)).models
    assert {model.name for model in everything} == {"red", "painter", "slow", "studio", "burst"}
    assert all(model.card for model in everything)
    assert all(model.parameters for model in makers)
    inputs = {model.name: list(model.inputs) for model in everything}
    assert inputs["red"] == []
    assert inputs["studio"] == ["control", "mask", "prompt", "source"]
    grey = makers[0].parameters[0]
    assert (grey.minimum, grey.maximum, list(grey.choices)) == (0, 200, [])


async def test_without_its_store_the_server_says_so_and_decides_nothing(wire: Wire) -> None:
    health = health_pb2_grpc.HealthStub(wire.channel)
    asked = health_pb2.HealthCheckRequest(service="countersign.v1.ScreeningService")
    assert (await health.Check(asked, timeout=5)).status == health_pb2.HealthCheckResponse.SERVING
    store = wire.house.folder / "log.db"
    away = store.rename(store.with_name("away.db"))
    with capture_logs() as lines, pytest.raises(grpc.aio.AioRpcError) as caught:
        await wire.screening.Screen(request(), **ACME)
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    assert [line["event"] for line in lines] == ["trouble", "rpc"]
    status = rpc_status.from_call(caught.value)
    assert any(detail.Is(error_details_pb2.RetryInfo.DESCRIPTOR) for detail in status.details)
    await wire.monitor.check()
    assert (await health.Check(asked, timeout=5)).status == health_pb2.HealthCheckResponse.NOT_SERVING
    away.rename(store)
    await wire.monitor.check()
    assert (await health.Check(asked, timeout=5)).status == health_pb2.HealthCheckResponse.SERVING
    assert (await wire.screening.Screen(request(), **ACME)).decision.decision_id
