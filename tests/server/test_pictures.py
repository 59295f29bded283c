"""The pictures of an order: source, mask and control are uploads, and what is made of them says so."""

from __future__ import annotations

import json
import uuid
from typing import Any

import grpc
import pytest

from core.media import digest_of
from countersign.v1 import generation_pb2
from countersign.v1.generation_pb2 import Blocked
from server.services.uploads import MAX_UNARY
from tests.server.conftest import CALLER, House, leaf, png
from tests.server.painters import Studio
from tests.server.test_pipeline import order, silent
from tests.server.wires import ACME, RED, Wire, fails

pytestmark = pytest.mark.asyncio(loop_scope="session")

SOURCE, MASK, CONTROL = png((10, 90, 60)), png((255, 255, 255)), png((0, 0, 0), (32, 32))


def generate(**fields: Any) -> generation_pb2.GenerateRequest:
    given = {"request_id": uuid.uuid4().hex, "prompt": "a wall", "model": "text_to_image-studio", **fields}
    return generation_pb2.GenerateRequest(**given)


async def parts(call: Any) -> list[generation_pb2.GenerateResponse]:
    return [part async for part in call]


async def test_all_pictures_reach_the_model_and_the_record(house: House) -> None:
    studio = Studio()
    wanted = order(studio, source=SOURCE, mask=MASK, control=CONTROL)
    made = await house.pipeline.make(wanted, CALLER, silent)
    (job,) = studio.jobs
    assert [each and each.data for each in (job.source, job.mask, job.control)] == [SOURCE, MASK, CONTROL]
    intent = await house.log.find(CALLER.tenant, wanted.request_id, "intent")
    assert intent is not None
    for entry in (leaf(intent), leaf(made.recorded)):
        for name, data in (("source", SOURCE), ("mask", MASK), ("control", CONTROL)):
            assert entry["making"][name] == {"media_digest": digest_of(data), "action": "ALLOW"}
    assert leaf(made.recorded)["making"]["notes"]["nearest_training_item"] == "fluent:red-apple"


async def test_what_is_made_from_a_source_is_an_edit_of_it(house: House) -> None:
    made = await house.pipeline.make(order(Studio(), source=SOURCE), CALLER, silent)
    assert made.output is not None
    _, credential = await house.examiner.inspect(made.output)
    active = next(manifest for manifest in credential.manifests if manifest.active)
    assert active.actions[:2] == ("c2pa.opened", "c2pa.edited")
    assert credential.digital_source_types[0].endswith("compositeWithTrainedAlgorithmicMedia")
    assert leaf(made.recorded)["context"]["source_type"] == "compositeWithTrainedAlgorithmicMedia"


async def test_a_control_picture_alone_makes_no_edit(house: House) -> None:
    made = await house.pipeline.make(order(Studio(), control=CONTROL), CALLER, silent)
    assert made.output is not None
    _, credential = await house.examiner.inspect(made.output)
    active = next(manifest for manifest in credential.manifests if manifest.active)
    assert active.actions[0] == "c2pa.created"


@pytest.mark.parametrize("name", ["source", "mask", "control"])
async def test_one_picture_that_is_blocked_blocks_the_order(house: House, name: str) -> None:
    studio = Studio()
    pictures: dict[str, Any] = {"source": SOURCE, name: RED}
    made = await house.pipeline.make(order(studio, **pictures), CALLER, silent)
    entry = leaf(made.recorded)
    assert made.output is None
    assert studio.batches == []
    assert (entry["action"], entry["media_digest"]) == ("BLOCK", digest_of(RED))
    assert (entry["making"]["stage"], entry["making"]["blocked"]) == ("input", name)


@pytest.mark.parametrize("name", ["source", "mask", "control"])
async def test_a_picture_that_is_none_is_refused_by_its_name_on_the_record(wire: Wire, name: str) -> None:
    asked = generate(**{"source": SOURCE, name: b"\x89PNG\r\n\x1a\n, but not for long"})
    found = await fails(parts(wire.generation.Generate(asked, **ACME)), grpc.StatusCode.INVALID_ARGUMENT)
    assert found["field"] == name
    assert (await wire.house.entries())[0]["refusal"]["field"] == name


async def test_a_mask_of_another_size_is_refused_on_the_record(wire: Wire) -> None:
    asked = generate(source=SOURCE, mask=png((0, 0, 0), (8, 8)))
    found = await fails(parts(wire.generation.Generate(asked, **ACME)), grpc.StatusCode.INVALID_ARGUMENT)
    assert (found["field"], found["found"]) == ("mask", "8×8")
    assert (await wire.house.entries())[0]["refusal"]["field"] == "mask"


async def test_pictures_beyond_the_limit_are_refused_together(wire: Wire) -> None:
    half = bytes(MAX_UNARY // 2)
    asked = generate(source=half, mask=half + b"!", control=b"")
    found = await fails(parts(wire.generation.Generate(asked, **ACME)), grpc.StatusCode.RESOURCE_EXHAUSTED)
    assert (found["field"], found["limit"]) == ("mask", f"{MAX_UNARY} bytes")
    assert (await wire.house.entries())[0]["refusal"]["field"] == "mask"


async def test_a_blocked_source_answers_as_a_blocked_input(wire: Wire) -> None:
    *_, last = await parts(wire.generation.Generate(generate(source=RED), **ACME))
    assert last.result.blocked.stage == Blocked.STAGE_INPUT
    assert not last.result.HasField("nearest")
    entry = json.loads(last.result.receipt.entry)
    assert entry["making"]["blocked"] == "source"


UNFIT: list[tuple[dict[str, Any], str, str]] = [
    ({"model": "unknown"}, "model", "text_to_image-studio"),
    ({"model": "upscale-painter"}, "model", "text_to_image"),
    ({"model": "text_to_image-painter", "control": CONTROL}, "control", "prompt"),
    ({"mask": MASK}, "source", "a picture"),
    ({"parameters": {"grey": "201"}}, "parameters.grey", "an integer from 0 up to 200"),
    ({"parameters": {"scheduler": "slow"}}, "parameters.scheduler", "one of grey"),
    ({"prompt": ""}, "prompt", ""),
    ({"prompt": "x" * 2001}, "prompt", ""),
]


@pytest.mark.parametrize(("fields", "field", "limit"), UNFIT)
async def test_an_unfit_order_names_its_field_and_the_limit(
    wire: Wire, fields: dict[str, Any], field: str, limit: str
) -> None:
    call = wire.generation.Generate(generate(**fields), **ACME)
    found = await fails(parts(call), grpc.StatusCode.INVALID_ARGUMENT)
    assert found["field"] == field
    assert limit in found["limit"]
    assert wire.studio.batches == []


async def test_too_little_memory_is_resource_exhausted_and_the_server_lives(wire: Wire) -> None:
    call = wire.generation.Generate(generate(prompt="huge"), **ACME)
    found = await fails(parts(call), grpc.StatusCode.RESOURCE_EXHAUSTED)
    assert found["field"] == "memory"
    assert (await wire.house.entries())[0]["refusal"]["field"] == "memory"
    *_, last = await parts(wire.generation.Generate(generate(), **ACME))
    assert last.result.digest


async def test_other_pictures_under_the_same_id_are_another_order(wire: Wire) -> None:
    asked = generate(source=SOURCE, mask=MASK)
    await parts(wire.generation.Generate(asked, **ACME))
    asked.previews = True  # changes nothing of what is made
    await parts(wire.generation.Generate(asked, **ACME))
    assert len(wire.studio.batches) == 1
    asked.mask = png((0, 0, 0))
    await fails(parts(wire.generation.Generate(asked, **ACME)), grpc.StatusCode.ALREADY_EXISTS)
