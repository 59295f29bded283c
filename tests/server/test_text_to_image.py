"""A real Stable Diffusion, if a tiny one, from order to signed and recorded output."""

from __future__ import annotations

import asyncio
import io
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.errors import InvalidInput
from core.sandbox import Sandbox
from core.weight_folder import read_folders
from generators import cards
from generators.base import Job, Output
from generators.diffusion import decoding, lexicon, neighbours, shipped
from generators.diffusion.text_to_image import TextToImage
from server.convert.notes import unknown_words_of
from server.previews import Preview
from server.provenance import Provenance
from server.requests import Made, Order
from tests.generators import tiny_diffusion
from tests.generators.pictures import noise
from tests.server.conftest import CALLER, House, build, leaf
from tests.server.fakes import Painter
from tests.server.test_pipeline import silent

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture(scope="module")
def painter(tmp_path_factory: pytest.TempPathFactory) -> TextToImage:
    folder = tmp_path_factory.mktemp("weights")
    model = tiny_diffusion.build(folder / "text_to_image", fast=True, control=True)
    neighbours.save(model / neighbours.FILE, neighbours.describe(noise(64, 64, 1))[:1], ("noise:1",), 0.9)
    (model / lexicon.FILE).write_text("red\napple\n")
    folder.joinpath("weights.toml").write_text(tiny_diffusion.manifest(model, "text_to_image"))
    pinned = read_folders(folder / "weights.toml")["text_to_image"]
    return shipped.load(pinned, cards.shipped("upscale.md"), "cpu")


def order(painter: TextToImage, prompt: str = "three red apple", **values: Any) -> Order:
    fields = {"request_id": uuid.uuid4().hex, "model": painter, "parameters": {"steps": 4}, "seed": 7, **values}
    return Order(prompt=prompt, **fields)


def pixels(made: Made) -> np.ndarray[Any, Any]:
    assert made.output is not None
    return np.asarray(Image.open(io.BytesIO(made.output)).convert("RGB"))


def drawn(size: int = 64, seed: int = 3) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(noise(size, size, seed) // 2).save(buffer, "PNG")
    return buffer.getvalue()


async def test_it_leaves_signed_and_says_what_it_is_most_like(house: House, painter: TextToImage) -> None:
    made = await house.pipeline.make(order(painter), CALLER, silent)
    assert pixels(made).shape == (64, 64, 3)
    entry = leaf(made.recorded)
    assert entry["making"]["model"] == "text_to_image"
    assert entry["making"]["notes"]["nearest_training_item"] == "noise:1"
    assert unknown_words_of(made.recorded) == 1
    _, credential = await house.examiner.inspect(made.output or b"")
    assert credential.state == "trusted"
    assert credential.digital_source_types[0].endswith("/trainedAlgorithmicMedia")


async def test_the_seed_decides_what_is_made(
    house: House, painter: TextToImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[bytes] = []
    generate = painter.generate

    def kept(*arguments: Any) -> list[Output]:
        outputs = generate(*arguments)
        made.extend(each.data for each in outputs)
        return outputs

    monkeypatch.setattr(painter, "generate", kept)
    for seed in (7, 7, 8):
        await house.pipeline.make(order(painter, seed=seed), CALLER, silent)
    assert made[0] == made[1] != made[2]


async def test_two_prompts_are_made_by_one_call(
    tmp_path: Path, trusted: tuple[Sandbox, Provenance], painter: TextToImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    generate = painter.generate

    def counted(batch: Any, *arguments: Any) -> list[Output]:
        sizes.append(len(batch))
        return generate(batch, *arguments)

    monkeypatch.setattr(painter, "generate", counted)
    house = await build(tmp_path, trusted, batch_window=2.0)
    orders = [order(painter, prompt, seed=seed) for prompt, seed in (("red dog", 1), ("blue apple", 2))]
    made = await asyncio.gather(*(house.pipeline.make(each, CALLER, silent) for each in orders))
    assert sizes == [2]
    first, second = (pixels(each) for each in made)
    assert not np.array_equal(first, second)
    await house.engine.close()
    await house.log.close()


async def test_unfinished_work_is_shown(house: House, painter: TextToImage) -> None:
    shown: list[Preview] = []
    wanted = order(painter, parameters={"steps": 30}, previews=True)
    made = await house.pipeline.make(wanted, CALLER, silent, shown.append)
    left = [each for each in leaf(made.recorded)["making"]["previews"] if each["shown"]]
    assert len(left) == len(shown) >= 1


async def test_a_source_with_a_mask_is_edited(house: House, painter: TextToImage) -> None:
    buffer = io.BytesIO()
    mask = np.zeros((64, 64), np.uint8)
    mask[:, 32:] = 255
    Image.fromarray(mask).save(buffer, "PNG")
    made = await house.pipeline.make(order(painter, source=drawn(), mask=buffer.getvalue()), CALLER, silent)
    _, credential = await house.examiner.inspect(made.output or b"")
    active = next(manifest for manifest in credential.manifests if manifest.active)
    assert active.actions[:2] == ("c2pa.opened", "c2pa.edited")
    assert credential.digital_source_types[0].endswith("/compositeWithTrainedAlgorithmicMedia")
    assert "mask" in leaf(made.recorded)["making"]


UNFIT: list[tuple[dict[str, Any], str]] = [
    ({"prompt": "dog " * 40}, "prompt"),
    ({"prompt": "\u200b"}, "prompt"),
    ({"source": drawn(), "mask": drawn(32)}, "mask"),
    ({"negative_prompt": "dog", "parameters": {"guidance": 1.0}}, "negative_prompt"),
]


@pytest.mark.parametrize(("values", "field"), UNFIT)
async def test_what_it_cannot_do_is_refused_on_the_record(
    house: House, painter: TextToImage, values: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        await house.pipeline.make(order(painter, **values), CALLER, silent)
    assert caught.value.field == field
    assert (await house.entries())[0]["refusal"]["field"] == field


async def test_who_goes_away_pays_for_no_decoding(
    house: House, painter: TextToImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[str] = []
    monkeypatch.setattr(decoding, "decode", lambda *_: decoded.append("a picture"))
    wanted = order(painter, parameters={"steps": 50})
    begun = asyncio.Event()

    def report(stage: str, fraction: float) -> None:
        if stage == "making" and fraction > 0:
            begun.set()

    task = asyncio.create_task(house.pipeline.make(wanted, CALLER, report))
    await asyncio.wait_for(begun.wait(), 30)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await house.engine.generate(Painter(), Job(None, prompt="a wall"), lambda _: None)  # once the lane is free again
    assert decoded == []
    assert await house.log.find(CALLER.tenant, wanted.request_id, "cancellation") is not None
    assert await house.entries() == []
