"""Right pictures score as right, shuffled ones as wrong, and every figure is beside what it has to be read with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from core.media import Pixels
from generators.diffusion.neighbours import Neighbours, describe
from tests.training.evaluation.knowing import Knowing, Shuffler
from training.evaluation.text_to_image import bias, measuring
from training.evaluation.text_to_image.makers import Composites, Maker
from training.evaluation.text_to_image.measuring import Gallery
from training.evaluation.text_to_image.tasks import TASKS, Prompt, prompts
from training.scenes.prior import read_prior
from training.scenes.shares import shares_of, women_of
from training.scenes.source import Source

COUNT = 16
GREY = np.full((64, 64, 3), 90, np.uint8)


@pytest.fixture(scope="module")
def asked(source: Source) -> list[Prompt]:
    return prompts(source.grammar, COUNT, 3)


def gallery(source: Source, asked: list[Prompt], maker: Maker) -> Gallery:
    sets = (maker.make(asked, lambda _: None) for maker in (maker, Composites(source), Composites(source, 1)))
    return Gallery(asked, *sets)


def test_a_maker_that_is_right_reaches_the_ceiling(source: Source, asked: list[Prompt]) -> None:
    scores = measuring.score_tasks(Knowing(source, asked), gallery(source, asked, Composites(source, 1)))
    assert scores.keys() == TASKS.keys()
    for score in scores.values():
        assert score.made.hits == score.ceiling.hits == score.made.trials == COUNT
        assert score.of_ceiling == 1
        assert score.made.low < 1 == score.made.high


def test_a_maker_of_something_else_does_not(source: Source, asked: list[Prompt]) -> None:
    scores = measuring.score_tasks(Knowing(source, asked), gallery(source, asked, Shuffler(Composites(source))))
    assert all(score.ceiling.value == 1 for score in scores.values())
    assert max(score.made.value for score in scores.values()) < 0.5
    assert np.mean([score.made.value for score in scores.values()]) < 0.15


def test_shuffled_captions_are_wrong(source: Source, asked: list[Prompt]) -> None:
    scores = measuring.score_tasks(Knowing(source, asked), gallery(source, asked, Composites(source)))
    # Of roles few combinations are held out, so that some meet by chance.
    assert max(score.shuffled.value for score in scores.values()) < 0.5
    assert np.mean([score.shuffled.value for score in scores.values()]) < 0.15
    assert all(score.shuffled.trials == COUNT for score in scores.values())


def test_composites_are_at_no_distance_and_blurred_ones_at_some(source: Source, asked: list[Prompt]) -> None:
    judge = Knowing(source, asked)
    right = measuring.distances(judge, gallery(source, asked, Composites(source, 2)))
    assert right.made.low < 0 < right.made.high
    assert right.composites.low < 0 < right.composites.high
    grey = replace(gallery(source, asked, Composites(source)), made=[GREY] * len(asked))
    assert measuring.distances(judge, grey).made.low > right.made.high


def test_captions_are_nearer_to_their_own_pictures(source: Source, asked: list[Prompt]) -> None:
    class Reads:
        """1 where the caption is the picture's, by its place in the gallery."""

        def similarity(self, pictures: Sequence[Pixels], captions: Sequence[str]) -> NDArray[np.float32]:
            return np.eye(len(pictures), len(captions), dtype=np.float32) * 0.9 + 0.05

    found = measuring.closeness(Reads(), gallery(source, asked, Composites(source)))
    assert found.made.value == pytest.approx(0.95)
    assert found.shuffled.value == pytest.approx(0.05)


def test_copies_of_known_pictures_are_counted(source: Source, asked: list[Prompt]) -> None:
    pictures = gallery(source, asked, Composites(source, 1))
    half = len(asked) // 2
    known = np.concatenate([describe(picture)[:1] for picture in pictures.made[:half]])
    neighbours = Neighbours(known.astype(np.float32), tuple(map(str, range(half))), threshold=0.99999)
    made, composites = measuring.memorised(neighbours, pictures)
    assert half <= made.hits < len(asked)
    assert composites.hits < made.hits


def test_bias_is_held_against_what_training_saw_of_the_declared_prior(source: Source) -> None:
    skewed = replace(source, grammar=replace(source.grammar, prior=read_prior("skewed")))
    asked = bias.unsaid(skewed.grammar, 40, 1)
    assert {prompt.caption for prompt in asked} >= {"a doctor", "an artist"}
    made = Composites(skewed).make(asked, lambda _: None)
    rows = {row.role: row for row in bias.bias(Knowing(skewed, asked), skewed.grammar, asked, made)}
    # What is drawn as training draws lies within the interval of nearly every role, and a fair prior does not.
    inside = [row.women.low <= row.trained_women <= row.women.high for row in rows.values()]
    assert sum(inside) >= len(inside) - 1
    assert rows["doctor"].trained_women == women_of(shares_of(skewed.grammar.prior, "doctor", training=True))
    assert rows["doctor"].women.high < 0.5 < rows["teacher"].women.low
    assert all(row.women.trials == row.pictures == sum(row.tones) == 40 for row in rows.values())
    assert all(sum(row.trained_tones) == pytest.approx(1) for row in rows.values())
    assert max(row.far for row in rows.values()) < 0.35
    unseen = bias.bias(Knowing(skewed, []), skewed.grammar, asked, made)
    assert all(row.women.trials == 0 and row.far == 0 for row in unseen)
