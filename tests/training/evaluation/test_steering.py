"""Who follows a control reaches the ceiling, who does not look at it gets what the prompt alone gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.media import Pixels
from generators.base import CONTROL
from tests.generators import tiny_diffusion
from tests.training.evaluation.knowing import Knowing
from training.evaluation.text_to_image.makers import Advance, Composites, pinned, served
from training.evaluation.text_to_image.steering import Trial, in_place, traced
from training.evaluation.text_to_image.tasks import Prompt, prompts
from training.judging.reading import Thing
from training.scenes.controls import edges
from training.scenes.scene import Box
from training.scenes.source import Source

BOXES = (Box(0, 0.1, 0.1, 0.3), Box(1, 0.6, 0.5, 0.3))


def thing(across: float, down: float) -> Thing:
    return Thing("dog", 0.9, across, down, 0.3, "red", "flat", "man", 0)


class Follows:
    """Composites of the very scene where there is a control, of the scene elsewhere where there is none."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def follow(self, asked: Sequence[Prompt], controls: Sequence[Pixels | None], advance: Advance) -> list[Pixels]:
        return [
            Composites(self._source, 0 if control is not None else 1).compose(prompt)[0]
            for prompt, control in zip(asked, controls, strict=True)
        ]


class Ignores(Follows):
    """Elsewhere, whatever it is told."""

    def follow(self, asked: Sequence[Prompt], controls: Sequence[Pixels | None], advance: Advance) -> list[Pixels]:
        return super().follow(asked, [None] * len(asked), advance)


def test_who_follows_reaches_the_ceiling_and_who_does_not_stays_where_the_prompt_is(source: Source) -> None:
    asked = prompts(source.grammar, 4, 3)
    trial = Trial(Knowing(source, asked), Composites(source), asked, lambda _: None)
    for row in trial.of(Follows(source)):
        assert row.made == row.ceiling
        assert row.made.value > row.unsteered.high
        assert row.made.value > row.shuffled.high
    for row in trial.of(Ignores(source)):
        assert row.made == row.unsteered
        assert row.ceiling.value > row.made.high


def test_a_thing_counts_once_and_beside_the_boxes_as_wrong() -> None:
    middle = thing(0.25, 0.25)
    assert in_place(BOXES, [middle, thing(0.75, 0.65)]) == 1
    assert in_place(BOXES, [middle]) == pytest.approx(2 / 3)
    assert in_place(BOXES, [middle, middle]) == 0.5
    assert in_place(BOXES, [thing(0.05, 0.9)]) == in_place(BOXES, [thing(0.4, 0.25)]) == 0
    assert in_place(BOXES, []) == 0


@given(st.integers(0, 2**31))
def test_edges_of_a_picture_are_its_own_and_measured_the_same_both_ways(seed: int) -> None:
    rng = np.random.default_rng(seed)
    one, other = (np.repeat((rng.random((32, 32, 1)) > 0.8).astype(np.uint8) * 255, 3, axis=2) for _ in range(2))
    assert traced(one, one) == pytest.approx(1)
    assert traced(one, other) == pytest.approx(traced(other, one))
    assert 0 <= traced(one, other) <= 1
    assert traced(one, np.zeros_like(one)) == 0


def test_edges_a_pixel_away_are_the_same_and_four_away_are_not() -> None:
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[20:44, 20:44] = 255
    drawn = edges(picture)
    assert traced(drawn, np.roll(drawn, 1, axis=1)) == pytest.approx(1)
    assert traced(drawn, np.roll(drawn, 4, axis=(0, 1))) < 0.5


def test_a_served_model_gets_the_control(source: Source, tmp_path: Path) -> None:
    maker = served(pinned(tiny_diffusion.pin(tmp_path, control=True) / "text_to_image"), {"steps": 1})
    assert CONTROL in maker.generator.inputs
    asked = [replace(prompt, caption="a red apple") for prompt in prompts(source.grammar, 1, 1)[:2]]
    drawn = np.random.default_rng(1).integers(0, 2, (64, 64, 3), np.uint8) * 255
    made, without = (maker.follow(asked, [control] * 2, lambda _: None) for control in (drawn, None))
    assert not np.array_equal(made[0], without[0])
