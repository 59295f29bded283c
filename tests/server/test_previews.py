"""Unfinished work is shown only after it was looked at like any output, and never without a trace."""

from __future__ import annotations

import asyncio
import io
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.errors import InvalidInput, PreconditionFailed
from core.media import digest_of
from core.sandbox import Sandbox
from countersign.v1 import generation_pb2
from detectors.hash_list import HashList
from detectors.known_hash import KnownHashDetector
from generators.marking.label import Label
from policies.engine import load_policy
from server.config import Settings
from server.previews import AT_MOST, SIDE, Preview, resized
from server.provenance import Provenance
from server.requests import Order
from tests.policies.fakes import document, rule
from tests.server.conftest import CALLER, House, build, leaf
from tests.server.fakes import RedDetector
from tests.server.painters import STEPS, Studio, settling
from tests.server.test_pipeline import silent
from tests.server.wires import ACME, wired

pytestmark = pytest.mark.asyncio(loop_scope="session")

REVIEWED = document(rule("ask", "request.prompt == 'ask first'", "review", applies_to={"stage": "input"}))
LABELLED = document(rule("ours", "request.task == 'text_to_image'", "label", applies_to={"stage": "output"}))


def order(studio: Studio, prompt: str, **values: Any) -> Order:
    return Order(**{"request_id": uuid.uuid4().hex, "model": studio, "prompt": prompt, "previews": True, **values})


async def looked_at(house: House, prompt: str, **values: Any) -> tuple[list[Preview], Any]:
    """All that is shown, where each step waits until what came before it was looked at; and the entry."""
    shown: list[Preview] = []
    studio = Studio(settling(asyncio.get_running_loop()))
    made = await house.pipeline.make(order(studio, prompt, **values), CALLER, silent, shown.append)
    return shown, leaf(made.recorded)


async def test_a_handful_is_shown_each_small_marked_and_on_the_record(house: House) -> None:
    shown, entry = await looked_at(house, "a wall")
    assert [preview.fraction for preview in shown] == [step / STEPS for step in range(1, AT_MOST + 1)]
    expected = [{"digest": digest_of(each.data), "action": "ALLOW", "shown": True} for each in shown]
    assert entry["making"]["previews"] == expected
    for preview in shown:
        picture = Image.open(io.BytesIO(preview.data))
        assert (max(picture.size), preview.mime) == (SIDE, "image/jpeg")
        pixels = np.asarray(picture.convert("L")).astype(int)
        assert abs(int(pixels[100, 100]) - 120) < 4
        assert pixels[:40].std() > 10, "the word on it"
    assert house.detector.calls == AT_MOST + 1


async def test_a_preview_carries_no_credentials(house: House) -> None:
    shown, _ = await looked_at(house, "a wall")
    _, credential = await house.examiner.inspect(shown[0].data)
    assert credential.state == "none"


async def test_what_the_policy_blocks_is_withheld_and_the_record_says_so(house: House) -> None:
    shown, entry = await looked_at(house, "blush, then a wall")
    assert shown == []
    assert entry["action"] == "ALLOW"
    assert [each["action"] for each in entry["making"]["previews"]] == ["BLOCK"] * AT_MOST
    assert not any(each["shown"] for each in entry["making"]["previews"])


async def test_an_order_that_a_person_has_to_look_at_shows_nothing(
    tmp_path: Path, trusted: tuple[Sandbox, Provenance]
) -> None:
    policy = load_policy(REVIEWED, "p.yaml", (RedDetector(), KnownHashDetector(HashList())))
    house = await build(tmp_path, trusted, policy=policy)
    shown, entry = await looked_at(house, "ask first")
    assert (shown, entry["action"]) == ([], "REVIEW")
    assert house.detector.calls == 1, "and costs nothing"
    await house.engine.close()
    await house.log.close()


async def test_a_demanded_label_stands_on_previews_too(tmp_path: Path, trusted: tuple[Sandbox, Provenance]) -> None:
    policy = load_policy(LABELLED, "p.yaml", (RedDetector(), KnownHashDetector(HashList())))
    rules = [{"code": "*", "text": "AI", "placement": "bottom-right", "height_fraction": 0.2}]
    house = await build(tmp_path, trusted, policy=policy, settings=Settings.model_validate({"labels": rules}))
    shown, entry = await looked_at(house, "a wall")
    assert [each["action"] for each in entry["making"]["previews"]] == ["LABEL"] * AT_MOST
    for preview in shown:
        corner = np.asarray(Image.open(io.BytesIO(preview.data)).convert("L"))[80:, 64:]
        assert corner.std() > 10
    await house.engine.close()
    await house.log.close()


async def test_a_label_that_does_not_fit_withholds_the_preview(house: House) -> None:
    label = Label("made by a model of this service", height_fraction=0.25)
    studio = Studio()
    shown: list[Preview] = []
    task = house.pipeline.make(order(studio, "a wall", label=label), CALLER, silent, shown.append)
    await asyncio.gather(task, return_exceptions=True)
    assert studio.decoded == 1
    assert shown == []


async def test_previews_of_what_is_then_refused_are_on_the_record(house: House) -> None:
    """A label may fit the preview, which is enlarged, and not the output."""
    shown: list[Preview] = []
    studio = Studio(settling(asyncio.get_running_loop()))
    wanted = order(studio, "a wall", label=Label("AI generated", height_fraction=0.08))
    with pytest.raises(InvalidInput, match="label"):
        await house.pipeline.make(wanted, CALLER, silent, shown.append)
    found = await house.log.find(CALLER.tenant, wanted.request_id)
    assert found is not None
    assert len(shown) == AT_MOST
    assert [each["digest"] for each in leaf(found)["previews"]] == [digest_of(each.data) for each in shown]


async def test_previews_of_what_then_fails_are_on_the_record(house: House) -> None:
    settle = settling(asyncio.get_running_loop())

    def fail_last(step: int) -> None:
        settle(step)
        if step == STEPS:
            raise RuntimeError("a defect")

    shown: list[Preview] = []
    wanted = order(Studio(fail_last), "a wall")
    with pytest.raises(RuntimeError):
        await house.pipeline.make(wanted, CALLER, silent, shown.append)
    found = await house.log.find(CALLER.tenant, wanted.request_id, "cancellation")
    assert found is not None
    assert shown
    assert [each["digest"] for each in leaf(found)["previews"]] == [digest_of(each.data) for each in shown]
    with pytest.raises(PreconditionFailed, match="cancelled or failed"):
        await house.pipeline.make(wanted, CALLER, silent)


async def test_a_preview_holds_at_most_half_of_the_picture_along_each_side() -> None:
    stripes = np.zeros((64, 48, 3), np.uint8)
    stripes[:, ::2] = 255
    small = resized(stripes)
    assert small.shape == (128, 96, 3)
    assert np.ptp(small) <= 1, "what stands in every other column is gone"


async def test_nobody_who_did_not_ask_is_shown_anything(house: House) -> None:
    studio = Studio()
    shown: list[Preview] = []
    made = await house.pipeline.make(order(studio, "a wall", previews=False), CALLER, silent, shown.append)
    assert (shown, studio.jobs[0].preview) == ([], None)
    assert "previews" not in leaf(made.recorded)["making"]


async def test_over_the_wire_previews_come_before_the_output(house: House) -> None:
    async with wired(house) as wire:
        wire.studio.between = settling(asyncio.get_running_loop())
        asked = generation_pb2.GenerateRequest(
            request_id=uuid.uuid4().hex, prompt="a wall", model="text_to_image-studio", previews=True
        )
        parts = [part async for part in wire.generation.Generate(asked, **ACME)]
    kinds = [part.WhichOneof("part") for part in parts]
    assert kinds.count("preview") == AT_MOST
    assert kinds.index("preview") < kinds.index("chunk")
    first = parts[kinds.index("preview")].preview
    assert (first.mime_type, 0 < first.fraction < 1) == ("image/jpeg", True)
    nearest = parts[-1].result.nearest
    assert (nearest.item, nearest.similarity, nearest.memorised) == ("fluent:red-apple", 0.97, True)
