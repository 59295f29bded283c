"""What explains an output is signed, screened and on the record like the output, and costs it nothing."""

from __future__ import annotations

import io
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.errors import Conflict
from core.media import Media, digest_of
from core.sandbox import Sandbox
from countersign.results import made_of
from countersign.v1 import generation_pb2 as pb
from countersign.v1 import privacy_pb2
from detectors.base import Finding, Verdict
from detectors.hash_list import HashList
from detectors.known_hash import KnownHashDetector
from generators import catalog
from generators.risk import MAP_GAIN
from policies.engine import load_policy
from server.companions import BLOCKED
from server.config import Settings
from server.finishing.finisher import BESIDE
from server.provenance import Provenance
from server.requests import COMPANIONS, COMPARISON, RISK_MAP, Order
from tests.generators.pictures import photo
from tests.policies.fakes import document, rule
from tests.server.conftest import CALLER, House, build, leaf, png
from tests.server.fakes import RedDetector
from tests.server.test_pipeline import silent
from tests.server.test_services import collect
from tests.server.wires import ACME, Wire

pytestmark = pytest.mark.asyncio(loop_scope="session")

BICUBIC = next(model for model in catalog.classical() if model.name == "bicubic")
LABELLED = document(rule("ours", "request.task == 'upscale'", "label", applies_to={"stage": "output"}))


class WideDetector(RedDetector):
    """Detects what is wider than any picture that the tests upload or make; only a comparison is."""

    def _one(self, media: Media) -> Finding:
        verdict = Verdict.DETECTED if media.width > 600 else Verdict.NOT_DETECTED
        return replace(super()._one(media), verdict=verdict, evidence=())


def upload(orientation: int = 1) -> bytes:
    """A photograph, 60×40, as it is stored."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    Image.fromarray(photo("mountains.jpg", 40, 60)).save(file, "PNG", exif=exif)
    return file.getvalue()


def order(data: bytes = b"", **values: Any) -> Order:
    told = {"request_id": uuid.uuid4().hex, "model": BICUBIC, "parameters": {"scale": 2}, "companions": COMPANIONS}
    return Order(**{**told, "source": data or upload(), **values})


def opened(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


@asynccontextmanager
async def a_house(folder: Path, trusted: tuple[Sandbox, Provenance], **values: Any) -> AsyncIterator[House]:
    house = await build(folder, trusted, **values)
    yield house
    await house.engine.close()
    await house.log.close()


async def test_each_is_signed_names_its_parts_and_stands_on_the_record(house: House) -> None:
    made = await house.pipeline.make(order(), CALLER, silent)
    entry = leaf(made.recorded)
    assert tuple(made.companions) == COMPANIONS, entry["making"]
    for name, data in made.companions.items():
        told = entry["making"]["companions"][name]
        assert told["digest"] == digest_of(data)
        assert (told["byte_size"], told["mime"], told["action"]) == (len(data), "image/png", "ALLOW")
        assert house.outputs.get(told["digest"]) == data
        media, credential = await house.examiner.inspect(data)
        assert credential.state == "trusted"
        assert credential.manifest_id == told["manifest_id"] != ""
        (active,) = [each for each in credential.manifests if each.active]
        assert active.actions == ("c2pa.created", "c2pa.placed", "c2pa.placed")
        assert media.width * media.height > 0
    assert opened(made.companions[COMPARISON]).width > 2 * 320
    assert opened(made.companions[RISK_MAP]).size == (60, 40)
    assert house.detector.calls == 4, "upload, output and both companions"


async def test_nothing_is_said_of_what_nobody_asked_for(house: House) -> None:
    made = await house.pipeline.make(order(companions=()), CALLER, silent)
    assert made.companions == {}
    assert "companions" not in leaf(made.recorded)["making"]


async def test_the_same_request_gets_the_same_bytes_and_another_one_is_refused(house: House) -> None:
    asked = order()
    first = await house.pipeline.make(asked, CALLER, silent)
    again = await house.pipeline.make(asked, CALLER, silent)
    assert (again.output, again.companions) == (first.output, first.companions)
    with pytest.raises(Conflict):
        await house.pipeline.make(order(request_id=asked.request_id, companions=()), CALLER, silent)


async def test_what_the_policy_blocks_is_withheld_and_the_output_leaves(
    tmp_path: Path, trusted: tuple[Sandbox, Provenance]
) -> None:
    async with a_house(tmp_path, trusted, extra=[WideDetector()]) as house:
        made = await house.pipeline.make(order(), CALLER, silent)
        entry = leaf(made.recorded)
    assert made.output
    assert tuple(made.companions) == (RISK_MAP,)
    assert entry["action"] == "ALLOW"
    assert entry["making"]["companions"][COMPARISON] == {"withheld": BLOCKED}


async def test_where_every_output_must_carry_a_watermark_none_comes(
    tmp_path: Path, trusted: tuple[Sandbox, Provenance]
) -> None:
    settings = Settings.model_validate({"watermark": "required"})
    async with a_house(tmp_path, trusted, settings=settings) as house:
        made = await house.pipeline.make(order(), CALLER, silent)
    assert made.output
    assert made.companions == {}
    told = leaf(made.recorded)["making"]["companions"]
    assert [BESIDE in told[name]["withheld"] for name in COMPANIONS] == [True, True]


async def test_a_demanded_label_stands_on_the_comparison_and_not_on_figures(
    tmp_path: Path, trusted: tuple[Sandbox, Provenance]
) -> None:
    policy = load_policy(LABELLED, "p.yaml", (RedDetector(), KnownHashDetector(HashList())))
    rules = [{"code": "*", "text": "AI", "placement": "centre", "height_fraction": 0.1}]
    settings = Settings.model_validate({"labels": rules})
    async with a_house(tmp_path, trusted, policy=policy, settings=settings) as house:
        made = await house.pipeline.make(order(), CALLER, silent)
        plain = await house.pipeline.make(order(companions=(RISK_MAP,)), CALLER, silent)
        _, credential = await house.examiner.inspect(made.companions[COMPARISON])
    assert "c2pa.edited" in next(each for each in credential.manifests if each.active).actions
    middle = np.asarray(opened(made.companions[COMPARISON]).convert("L")).astype(int)
    rows, columns = (slice(side // 2 - 20, side // 2 + 20) for side in middle.shape)
    assert middle[rows, columns].max() >= 245
    first, second = (np.asarray(opened(each.companions[RISK_MAP])) for each in (made, plain))
    assert np.array_equal(first, second)


async def test_both_are_upright_and_the_map_is_of_what_the_model_made(house: House) -> None:
    """Turned by EXIF as the upload is; and bicubic, which invents nothing, has a dark map, watermark or not."""
    made = await house.pipeline.make(order(upload(6)), CALLER, silent)
    drawn = opened(made.companions[RISK_MAP])
    assert drawn.size == (40, 60)
    assert np.asarray(drawn).max() < MAP_GAIN


async def test_over_the_wire_they_come_behind_the_output_and_are_forgotten_with_it(wire: Wire) -> None:
    kinds = [pb.COMPANION_KIND_COMPARISON, pb.COMPANION_KIND_RISK_MAP]
    asked = pb.EnhanceRequest(
        request_id=uuid.uuid4().hex, media=png(), task="upscale", subject="u1", companions=reversed(kinds)
    )
    parts = await collect(wire.generation.Enhance(asked, **ACME))
    order_of = [part.WhichOneof("part") for part in parts if part.WhichOneof("part") != "progress"]
    assert not [each.withheld for each in parts[-1].result.companions if each.withheld]
    assert order_of == ["chunk", "companion", "companion", "result"]
    made = made_of(iter(parts), lambda stage, fraction: None)
    assert list(made.companions) == kinds
    assert [each.kind for each in made.result.companions] == kinds
    digests = [each.digest for each in made.result.companions]
    assert all(wire.house.outputs.get(digest) for digest in digests)
    await wire.privacy.EraseSubject(privacy_pb2.EraseSubjectRequest(request_id=uuid.uuid4().hex, subject="u1"), **ACME)
    assert [wire.house.outputs.get(digest) for digest in digests] == [None, None]
