"""The last steps before signing: what is claimed was read in the bytes that leave, and what was asked for is there."""

from __future__ import annotations

import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.errors import InvalidInput, PreconditionFailed
from core.media import Pixels
from core.sandbox import Sandbox
from generators.base import Job, Output
from generators.marking.label import Label
from server.config import Settings
from server.finishing.finisher import LOST
from server.provenance import Provenance
from server.requests import Order
from server.sections import Watermarking
from tests.server.conftest import CALLER, House, build, leaf, png
from tests.server.fakes import LowBits, Painter

pytestmark = pytest.mark.asyncio(loop_scope="session")

WORDS = "Qxz"


class Washed(LowBits):
    """A watermark that never survives."""

    def identifiers(self, pixels: Pixels) -> frozenset[int]:
        return frozenset()


def order(**fields: Any) -> Order:
    return Order(uuid.uuid4().hex, Painter(), **{"prompt": "a wall", **fields})


def silent(_stage: str, _fraction: float) -> None:
    pass


def actions_of(store_json: str) -> list[str]:
    return [word for word in ("c2pa.created", "c2pa.watermarked.bound", "c2pa.edited") if f'"{word}"' in store_json]


MEASURED = "its pixels are measured values"


class Meter(Painter):
    """Makes what somebody measures by."""

    def _paint(self, job: Job) -> Output:
        return replace(super()._paint(job), measured=MEASURED)


async def closed(house: House) -> None:
    await house.engine.close()
    await house.log.close()


async def test_what_leaves_holds_the_watermark_that_its_manifest_binds(house: House) -> None:
    made = await house.pipeline.make(order(), CALLER, silent)
    assert made.output is not None
    assert leaf(made.recorded)["making"]["marks"] == {"watermarked": True}
    media, credential = await house.examiner.inspect(made.output)
    (identifier,) = LowBits().identifiers(media.frames()[0].pixels)
    assert f"{identifier:012x}" in credential.store_json
    assert f"{identifier:012x}" not in str(leaf(made.recorded)), "whoever it leads to can be forgotten"
    assert actions_of(credential.store_json) == ["c2pa.created", "c2pa.watermarked.bound"]


async def test_every_output_gets_an_identifier_of_its_own(house: House) -> None:
    seen: set[int] = set()
    for _ in range(3):
        made = await house.pipeline.make(order(), CALLER, silent)
        assert made.output is not None
        media, _ = await house.examiner.inspect(made.output)
        seen |= LowBits().identifiers(media.frames()[0].pixels)
    assert len(seen) == 3


async def test_an_output_too_small_leaves_unmarked_and_says_so(house: House) -> None:
    improving = Order(uuid.uuid4().hex, Painter("upscale"), source=png(size=(5, 4)))
    made = await house.pipeline.make(improving, CALLER, silent)
    assert made.output is not None
    assert leaf(made.recorded)["making"]["marks"] == {"watermarked": False, "unmarked": "too small for a watermark"}
    _, credential = await house.examiner.inspect(made.output)
    assert "watermarked" not in credential.store_json
    assert house.metrics.unmarked_outputs._value.get() == 1


async def test_a_watermark_that_does_not_read_back_is_not_claimed(
    tmp_path: Path, trusted: tuple[Sandbox, Provenance]
) -> None:
    house = await build(tmp_path, trusted, watermarks=Washed())
    made = await house.pipeline.make(order(), CALLER, silent)
    assert made.output is not None
    assert leaf(made.recorded)["making"]["marks"] == {"watermarked": False, "unmarked": LOST}
    _, credential = await house.examiner.inspect(made.output)
    assert "watermarked" not in credential.store_json
    await closed(house)


async def test_where_it_is_required_nothing_leaves_without(tmp_path: Path, trusted: tuple[Sandbox, Provenance]) -> None:
    settings = Settings(watermark=Watermarking.REQUIRED)
    house = await build(tmp_path, trusted, settings=settings, watermarks=Washed())
    with pytest.raises(PreconditionFailed, match="must carry a watermark"):
        await house.pipeline.make(order(), CALLER, silent)
    assert await house.entries() == []
    await closed(house)


async def test_where_it_is_off_the_very_file_leaves(tmp_path: Path, trusted: tuple[Sandbox, Provenance]) -> None:
    house = await build(tmp_path, trusted, settings=Settings(watermark=Watermarking.OFF))
    made = await house.pipeline.make(order(), CALLER, silent)
    assert made.output is not None
    media, _ = await house.examiner.inspect(made.output)
    assert LowBits().identifiers(media.frames()[0].pixels) == frozenset()
    assert not leaf(made.recorded)["making"]["marks"]["watermarked"]
    await closed(house)


async def test_a_label_is_drawn_over_the_watermark_and_told_without_its_words(house: House) -> None:
    bare = await house.pipeline.make(order(), CALLER, silent)
    made = await house.pipeline.make(order(label=Label(WORDS, height_fraction=0.2)), CALLER, silent)
    assert made.output is not None
    assert bare.output is not None
    labelled, credential = await house.examiner.inspect(made.output)
    plain, _ = await house.examiner.inspect(bare.output)
    changed = (labelled.frames()[0].pixels // 4 != plain.frames()[0].pixels // 4).any(axis=2)
    assert changed[24:].any()
    assert not changed[:20, :20].any()
    assert "c2pa.edited" in actions_of(credential.store_json)
    assert WORDS not in str(leaf(made.recorded))
    assert leaf(made.recorded)["making"]["marks"]["label"]["height_fraction"] == 0.2


async def test_a_label_that_does_not_fit_is_refused_on_the_record(house: House) -> None:
    before = len(await house.entries())
    with pytest.raises(InvalidInput) as caught:
        await house.pipeline.make(order(label=Label("x" * 64, height_fraction=0.25)), CALLER, silent)
    assert caught.value.field.startswith("label")
    entries = await house.entries()
    assert len(entries) == before + 1
    assert entries[0]["refusal"]["field"] == caught.value.field


async def test_measured_values_leave_as_they_are_and_say_why(house: House) -> None:
    made = await house.pipeline.make(Order(uuid.uuid4().hex, Meter("upscale"), source=png()), CALLER, silent)
    assert made.output is not None
    assert leaf(made.recorded)["making"]["marks"] == {"watermarked": False, "unmarked": MEASURED}
    media, credential = await house.examiner.inspect(made.output)
    assert (media.frames()[0].pixels == 100).all()
    assert "watermarked" not in credential.store_json


async def test_no_label_is_drawn_over_measured_values(house: House) -> None:
    asked = Order(uuid.uuid4().hex, Meter("upscale"), source=png(), label=Label(WORDS, height_fraction=0.2))
    with pytest.raises(InvalidInput, match=MEASURED) as caught:
        await house.pipeline.make(asked, CALLER, silent)
    assert caught.value.field == "label"
    assert (await house.entries())[0]["refusal"]["field"] == "label"
