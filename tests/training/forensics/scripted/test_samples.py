"""Pairs: the same past, the same delivery, and a difference only where the mask is."""

from __future__ import annotations

import numpy as np
import pytest

from tests.detectors.making import halved
from tests.training.forensics.scripted.making import pairs
from training.forensics.scripted import histories
from training.forensics.scripted.histories import Coding, Delivery, History

INDICES = range(24)


@pytest.mark.parametrize("index", INDICES)
def test_a_pair_is_of_one_size_and_differs_where_it_was_manipulated(index: int) -> None:
    made = pairs().pair(index)
    assert made.manipulated.shape == made.untouched.shape == (64, 64, 3)
    assert made.mask.shape == (64, 64)
    assert 0 <= made.mask.min() <= made.mask.max() <= 1
    difference = np.abs(made.manipulated.astype(int) - made.untouched).mean(axis=2)
    if (made.mask > 0.5).any() and (made.mask < 0.5).any():
        assert difference[made.mask > 0.5].mean() > difference[made.mask < 0.01].mean()


def test_a_pair_is_a_function_of_its_number() -> None:
    first, again, other = pairs().pair(5), pairs().pair(5), pairs().pair(6)
    assert np.array_equal(first.manipulated, again.manipulated)
    assert np.array_equal(first.untouched, again.untouched)
    assert not np.array_equal(first.untouched, other.untouched)


def test_operations_that_are_held_out_are_never_drawn() -> None:
    kept = pairs(operations=("splice", "noised"))
    assert {kept.pair(index).operation for index in INDICES} == {"splice", "noised"}


def test_a_history_that_changes_nothing_changes_nothing() -> None:
    pixels = halved("crab")
    assert np.array_equal(histories.live_through(pixels, History(), np.random.default_rng(0)), pixels)
    assert np.array_equal(histories.deliver(pixels, Delivery()), pixels)


@pytest.mark.parametrize("codec", ["jpeg", "webp"])
def test_a_coarser_coding_loses_more(codec: histories.Codec) -> None:
    pixels = halved("crab")
    losses = [
        np.abs(histories.coded(pixels, Coding(codec, quality)).astype(int) - pixels).mean() for quality in (60, 95)
    ]
    assert losses[0] > losses[1] > 0


@pytest.mark.parametrize(("scale", "size"), [(0.8, (80, 160)), (1.25, (125, 250))])
def test_a_delivery_is_of_the_size_that_it_says(scale: float, size: tuple[int, int]) -> None:
    pixels = np.ascontiguousarray(halved("dogs")[:100, :200])
    assert histories.deliver(pixels, Delivery(scale)).shape[:2] == size


def test_windows_are_squares_whatever_the_photograph_and_its_scale() -> None:
    for seed in range(20):
        random = np.random.default_rng(seed)
        made = histories.window(halved("mountains"), histories.draw_history(random), 200, random)
        assert made.shape == (200, 200, 3)
