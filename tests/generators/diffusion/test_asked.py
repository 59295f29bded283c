"""What cannot be done is refused before any work, by field, limit and what was found."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from core.errors import InvalidInput
from core.media import Kind
from generators.base import Job
from generators.diffusion.text_to_image import TextToImage
from tests.generators.diffusion.painting import Watcher, masked, order
from tests.generators.pictures import media, noise

SOURCE = media(noise(64, 64))
VIDEO = media(noise(64, 64), mime="video/mp4", kind=Kind.VIDEO)
ANIMATION = media(noise(64, 64), mime="image/gif", facts={"n_frames": 12})
BLACK = media(np.zeros((64, 64, 3), np.uint8))


def refusal_of(model: TextToImage, job: Job) -> tuple[str, str, str]:
    """Field, limit and found, the same from both methods, and no progress."""
    watcher = Watcher()
    with pytest.raises(InvalidInput) as refusal:
        model.generate([job], watcher.heard.append, watcher.gone)
    with pytest.raises(InvalidInput, match=re.escape(str(refusal.value))):
        model.batch_key(job)
    assert watcher.heard == []
    return refusal.value.field, refusal.value.limit, refusal.value.found


@pytest.mark.parametrize(
    ("prompt", "limit", "found"),
    [
        ("", "one visible character or more", "nothing"),
        ("  \n\t", "one visible character or more", "4 characters, none of them visible"),
        ("\u200b\u200d\ufeff", "one visible character or more", "3 characters, none of them visible"),
        ("a dog\x00", "no control characters", "U+0000"),
        ("a \x1b[31mdog", "no control characters", "U+001B"),
        ("a \ud800 dog", "no control characters", "U+D800"),
        ("dog " * 31, "30 tokens", "31 tokens"),
        ("x" * 40, "30 tokens", "40 tokens"),
        ("d" * 9000, "8192 characters", "9000 characters"),
        ("(dog:3)", "2", "3"),
        ("()", "one token or more", "none"),
        ("a dog <|endoftext|> blue", "what its vocabulary has", "<|endoftext|>"),
        ("<|startoftext|>", "what its vocabulary has", "<|startoftext|>"),
    ],
)
def test_prompts_that_cannot_be_read(painter: TextToImage, prompt: str, limit: str, found: str) -> None:
    assert refusal_of(painter, order(prompt)) == ("prompt", limit, found)


def test_prompts_of_just_the_window_and_of_any_script_are_read(painter: TextToImage) -> None:
    for prompt in ("dog " * 30, "ein großer Hund", "犬", "🐶", "a dog :)", "x" * 30):
        assert painter.batch_key(order(prompt)) == painter.batch_key(order())


@pytest.mark.parametrize(
    ("negative", "limit"), [("dog " * 31, "30 tokens"), ("\x07", "no control characters"), ("(dog:2.5)", "2")]
)
def test_negative_prompts_that_cannot_be_read(painter: TextToImage, negative: str, limit: str) -> None:
    assert refusal_of(painter, order(negative=negative))[:2] == ("negative_prompt", limit)


@pytest.mark.parametrize("settings", [{"guidance": 1.0}, {"mode": "fast"}])
def test_a_negative_prompt_that_nobody_would_read_is_refused(painter: TextToImage, settings: dict[str, Any]) -> None:
    assert refusal_of(painter, order(negative="blue", **settings)) == ("negative_prompt", "none", "1 tokens")


@pytest.mark.parametrize(
    ("name", "value", "limit"),
    [
        ("size", 100, "one of 64, 128, 256, 512"),
        ("size", 1024, "one of 64, 128, 256, 512"),
        ("steps", 51, "an integer from 0 up to 50"),
        ("steps", -1, "an integer from 0 up to 50"),
        ("guidance", 0.5, "a number from 1 up to 20"),
        ("guidance", float("nan"), "a number from 1 up to 20"),
        ("scheduler", "heun", "one of dpm++, unipc, ddim, euler"),
        ("strength", 1.5, "a number from 0 up to 1"),
        ("control_scale", 2.5, "a number from 0 up to 2"),
        ("mode", "slow", "one of quality, fast"),
        ("sharpness", 1, "one of size, steps, guidance, scheduler, strength, mode, control_scale"),
    ],
)
def test_settings_out_of_range(painter: TextToImage, name: str, value: float | str, limit: str) -> None:
    field, found_limit, _ = refusal_of(painter, Job(None, {name: value}, "a dog"))
    assert (field, found_limit) == (f"parameters.{name}", limit)


def test_the_fast_mode_takes_few_steps(painter: TextToImage) -> None:
    assert refusal_of(painter, order(mode="fast", steps=5)) == ("parameters.steps", "4", "5")


def test_steps_of_zero_are_the_modes_own(painter: TextToImage) -> None:
    assert painter.batch_key(order(steps=0)) == painter.batch_key(order(steps=20))
    assert painter.batch_key(order(steps=0, mode="fast")) == painter.batch_key(order(steps=4, mode="fast"))


def test_a_strength_that_leaves_no_step_is_refused(painter: TextToImage) -> None:
    job = order(source=SOURCE, steps=4, strength=0.2)
    assert refusal_of(painter, job) == ("parameters.strength", "0.25", "0.2")


@pytest.mark.parametrize(
    ("job", "field", "limit", "found"),
    [
        (order(source=VIDEO), "source", "image", "video/mp4"),
        (order(source=ANIMATION), "source", "one picture", "12 pictures"),
        (order(control=ANIMATION), "control", "one picture", "12 pictures"),
        (order(source=SOURCE, mask=ANIMATION), "mask", "one picture", "12 pictures"),
        (order(mask=masked()), "mask", "none without a source", "one"),
        (order(source=SOURCE, mask=masked(32)), "mask", "64×64 pixels", "32×32 pixels"),
        (order(source=SOURCE, mask=BLACK), "mask", "some white", "none"),
        (order(source=SOURCE, mask=masked(), size=128), "source", "128×128 pixels", "64×64 pixels"),
        (order(source=media(noise(64, 80)), mask=masked()), "source", "64×64 pixels", "80×64 pixels"),
        (order(source=SOURCE, control=SOURCE), "control", "none with a source", "one"),
    ],
)
def test_pictures_that_do_not_go_together(painter: TextToImage, job: Job, field: str, limit: str, found: str) -> None:
    assert refusal_of(painter, job) == (field, limit, found)


def test_a_model_without_a_controlnet_takes_no_control(plain: TextToImage) -> None:
    assert refusal_of(plain, replace(order(), control=SOURCE)) == ("control", "none", "one")


def test_a_model_without_a_student_has_no_fast_mode(plain: TextToImage) -> None:
    assert refusal_of(plain, order(mode="fast"))[0] == "parameters.mode"
