"""Several pictures of one scene: each is screened, named on the record, and an ingredient of what they become."""

from __future__ import annotations

import io
import json
import uuid
from typing import Any

import grpc
import pytest
from PIL import Image

from core.errors import InvalidInput
from core.media import digest_of
from countersign.v1 import generation_pb2
from generators import cards
from generators.burst.generator import BurstMerger
from generators.classical.interpolation import Interpolation
from generators.parameters import parse
from server.requests import Order
from server.services.uploads import MAX_UNARY
from tests.generators.burst.pictures import burst
from tests.server.conftest import CALLER, House, leaf, png
from tests.server.fakes import Painter
from tests.server.wires import ACME, RED, Wire, fails

pytestmark = pytest.mark.asyncio(loop_scope="session")


def silent(_stage: str, _fraction: float) -> None:
    pass


def files(count: int = 3) -> list[bytes]:
    found = []
    for picture in burst(count, side=128).pictures:
        buffer = io.BytesIO()
        Image.fromarray(picture).save(buffer, "PNG")
        found.append(buffer.getvalue())
    return found


def order(pictures: list[bytes], **fields: Any) -> Order:
    model = BurstMerger(Interpolation("bicubic", 2), cards.shipped("burst.md"))
    settings = parse(model.parameters, {})
    return Order(uuid.uuid4().hex, model, settings, source=pictures[0], burst=tuple(pictures[1:]), **fields)


def enhance(pictures: list[bytes], **fields: Any) -> generation_pb2.EnhanceRequest:
    given = {"request_id": uuid.uuid4().hex, "media": pictures[0], "burst": pictures[1:], "task": "misr", **fields}
    return generation_pb2.EnhanceRequest(**given)


async def test_every_picture_is_on_the_record_and_in_the_manifest(house: House) -> None:
    pictures = files()
    made = await house.pipeline.make(order(pictures), CALLER, silent)
    entry = leaf(made.recorded)["making"]
    assert entry["source"]["media_digest"] == digest_of(pictures[0])
    assert entry["burst[0]"] == {"media_digest": digest_of(pictures[1]), "action": "ALLOW"}
    assert entry["burst[1]"] == {"media_digest": digest_of(pictures[2]), "action": "ALLOW"}
    assert entry["notes"]["burst_pictures"] == 3
    assert made.output
    media, credential = await house.examiner.inspect(made.output)
    assert (media.width, credential.state.value) == (128, "trusted")
    manifest = json.loads(credential.store_json)["manifests"][credential.manifest_id]
    assert [each["relationship"] for each in manifest["ingredients"]] == ["parentOf", "componentOf", "componentOf"]


async def test_one_picture_that_is_blocked_blocks_the_burst(house: House) -> None:
    made = await house.pipeline.make(order([*files(2), RED]), CALLER, silent)
    assert made.output is None
    entry = leaf(made.recorded)
    assert (entry["action"], entry["making"]["blocked"]) == ("BLOCK", "burst[1]")


async def test_a_picture_that_cannot_be_opened_is_named(house: House) -> None:
    with pytest.raises(InvalidInput) as refused:
        await house.pipeline.make(order([*files(2), b"no picture"]), CALLER, silent)
    assert refused.value.field == "burst[1]"


async def test_a_burst_of_unlike_pictures_is_refused_on_the_record(house: House) -> None:
    with pytest.raises(InvalidInput) as refused:
        await house.pipeline.make(order([*files(2), png(size=(32, 32))]), CALLER, silent)
    assert (refused.value.field, refused.value.found) == ("burst[1]", "32×32")
    assert (await house.entries())[0]["refusal"]["field"] == "burst[1]"


async def test_the_pictures_make_the_request(house: House) -> None:
    pictures = files()
    one, other = order(pictures), order(pictures[:2])
    assert one.content() != other.content()
    assert one.content() == order(pictures).content()


async def test_over_the_wire(wire: Wire) -> None:
    pictures = files()
    call = wire.generation.Enhance(enhance(pictures), **ACME)
    parts = [part async for part in call]
    chunks = b"".join(part.chunk for part in parts if part.WhichOneof("part") == "chunk")
    assert Image.open(io.BytesIO(chunks)).size == (128, 128)
    assert parts[-1].result.model.startswith("burst@")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"burst": [bytes(MAX_UNARY // 2), bytes(MAX_UNARY // 2)]}, "burst[0]"),
        ({"burst": []}, "burst"),
        ({"task": "upscale"}, "burst[0]"),
    ],
)
async def test_what_the_service_refuses(wire: Wire, fields: dict[str, Any], field: str) -> None:
    large = field == "burst[0]" and "task" not in fields
    code = grpc.StatusCode.RESOURCE_EXHAUSTED if large else grpc.StatusCode.INVALID_ARGUMENT
    call = wire.generation.Enhance(enhance(files(2), **fields), **ACME)

    async def drain() -> None:
        async for _ in call:
            pass

    assert (await fails(drain(), code))["field"] == field


async def test_models_of_one_picture_take_no_burst() -> None:
    with pytest.raises(InvalidInput) as refused:
        Order(uuid.uuid4().hex, Painter("upscale"), source=png(), burst=(png(),))
    assert refused.value.field == "burst[0]"
