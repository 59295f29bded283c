"""Every blend shows the source where its shares say so, the target where they say nothing, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from core.media import Pixels
from tests.detectors.making import halved
from training.forensics.blended.blends import BLENDS, HELD_OUT, TRAINED
from training.forensics.scripted import regions

SIDE = 128
_REACH = 40  # pixels over which the coarsest band of a pyramid mixes


def square(name: str) -> Pixels:
    return np.ascontiguousarray(halved(name)[20 : 20 + SIDE, 30 : 30 + SIDE])


def shifted(picture: Pixels) -> Pixels:
    made: Pixels = np.clip(picture + np.array((25, -10, 15)), 0, 255).astype(np.uint8)
    return made


def test_what_is_held_out_is_not_learned_from() -> None:
    assert not set(TRAINED) & set(HELD_OUT)
    assert set(BLENDS) == set(TRAINED) | set(HELD_OUT)


@pytest.mark.parametrize("name", BLENDS)
@pytest.mark.parametrize("seed", range(3))
def test_outside_it_is_the_target(name: str, seed: int) -> None:
    random = np.random.default_rng(seed)
    target, source = square("crab"), square("dogs")
    before = target.copy(), source.copy()
    mask = regions.draw(random, SIDE, 0.05, 0.1)
    made, share = BLENDS[name](target, source, mask, random)
    assert np.array_equal(target, before[0])
    assert np.array_equal(source, before[1])
    assert (made.shape, share.shape) == (target.shape, target.shape[:2])
    assert made.dtype == target.dtype
    assert 0 <= share.min() < share.max() <= 1 + 1e-6
    far = regions.soften(np.maximum(mask, share), _REACH / 4) == 0
    assert np.abs(made[far].astype(int) - target[far]).max(initial=0) <= 2
    assert np.abs(made[share > 0.9].astype(int) - target[share > 0.9]).mean() > 2


@pytest.mark.parametrize("name", TRAINED)
def test_within_it_is_between_the_two(name: str) -> None:
    target = square("jaguars")
    source = shifted(target)
    mask = regions.draw(np.random.default_rng(1), SIDE, 0.1, 0.2)
    made, _ = BLENDS[name](target, source, mask, np.random.default_rng(2))
    low, high = np.minimum(target, source), np.maximum(target, source)
    assert (made >= low).all()
    assert (made <= high).all()


@pytest.mark.parametrize("name", ["poisson", "multiband"])
def test_colours_are_taken_from_the_target(name: str) -> None:
    """What makes these kinds unlike those that are learned from: the border has no step."""
    target = np.full((SIDE, SIDE, 3), 90, np.uint8)
    source = np.full((SIDE, SIDE, 3), 130, np.uint8)
    mask = np.zeros((SIDE, SIDE), np.float32)
    mask[40:90, 30:100] = 1
    made, _ = BLENDS[name](target, source, mask, np.random.default_rng(0))
    assert np.abs(np.diff(made.astype(int), axis=1)).max() <= 6
    hard, _ = BLENDS["hard"](target, source, mask, np.random.default_rng(0))
    assert np.abs(np.diff(hard.astype(int), axis=1)).max() > 6


@pytest.mark.parametrize("name", BLENDS)
def test_the_same_chance_makes_the_same(name: str) -> None:
    mask = regions.draw(np.random.default_rng(1), SIDE, 0.1, 0.2)
    made = [BLENDS[name](square("crab"), square("dogs"), mask, np.random.default_rng(9)) for _ in range(2)]
    assert np.array_equal(made[0][0], made[1][0])
    assert np.array_equal(made[0][1], made[1][1])
