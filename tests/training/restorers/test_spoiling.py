"""How patches are spoiled: as a function of recipe and step, in the ranges that the recipe names."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from training.metrics import Picture
from training.restorers.recipe import RestorerRecipe, Spoiling
from training.restorers.spoiling import Spoiled, drawn, spoil

GREY = np.full((64, 64, 3), 128, np.uint8)
LEAST = {
    "name": "x",
    "architecture": "NAFNet",
    "network": {},
    "steps": 1,
    "budget_seconds": 1,
    "batch": 2,
    "patch": 24,
    "learning_rate": 1,
    "final_learning_rate": 1,
    "average": 0.9,
}


def recipe(**settings: object) -> RestorerRecipe:
    return RestorerRecipe.model_validate(LEAST | settings)


def test_a_batch_is_a_function_of_recipe_and_step(pictures: dict[str, Picture]) -> None:
    spoilings = [{"share": 1, "noise": [20, 20]}]
    first, again = (Spoiled(pictures, recipe(scale=1, spoilings=spoilings)) for _ in range(2))
    assert all(torch.equal(one, two) for one, two in zip(first.batch(5), again.batch(5), strict=True))
    assert not torch.equal(first.batch(5)[0], first.batch(6)[0])
    assert not torch.equal(*first.batch(5))


def test_without_spoilings_a_patch_is_reduced_only(pictures: dict[str, Picture]) -> None:
    small, large = Spoiled(pictures, recipe(scale=2)).batch(0)
    assert small.shape == (2, 3, 24, 24)
    assert large.shape == (2, 3, 48, 48)
    assert 0 <= small.min() <= small.max() <= 1


@given(st.floats(1, 40), st.integers(0, 2**32))
def test_noise_has_the_strength_that_was_asked_for(sigma: float, seed: int) -> None:
    made = spoil(GREY, Spoiling(share=1, noise=(sigma, sigma)), 1, np.random.default_rng(seed))
    assert np.std(made.astype(float)) == pytest.approx(sigma, rel=0.1, abs=0.2)


@given(st.integers(1, 100), st.integers(0, 2**32))
def test_jpeg_leaves_the_size_and_an_even_colour(quality: int, seed: int) -> None:
    made = spoil(GREY, Spoiling(share=1, jpeg=(quality, quality)), 1, np.random.default_rng(seed))
    assert made.shape == GREY.shape
    assert np.abs(made.astype(int) - 128).max() <= 12


def test_blur_takes_detail_and_keeps_the_mean() -> None:
    board = (np.indices((64, 64)).sum(axis=0) % 2 * 255).astype(np.uint8)[..., None].repeat(3, axis=2)
    made = spoil(board, Spoiling(share=1, blur=(2, 2)), 1, np.random.default_rng(0))
    assert made.std() < 0.1 * board.std()
    assert made.mean() == pytest.approx(board.mean(), abs=1)


def test_each_spoiling_befalls_its_share() -> None:
    noise, jpeg = Spoiling(share=0.5, noise=(1, 1)), Spoiling(share=0.2, jpeg=(50, 50))
    random = np.random.default_rng(0)
    found = [drawn((noise, jpeg), random) for _ in range(2000)]
    assert [found.count(each) / 2000 for each in (noise, jpeg, None)] == pytest.approx([0.5, 0.2, 0.3], abs=0.04)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"scale": 1}, "nothing to restore"),
        ({"scale": 1, "spoilings": [{"share": 0.6, "noise": [0, 1]}] * 2}, "more than 1 together"),
        ({"scale": 1, "spoilings": [{"share": 1, "jpeg": [0, 50]}]}, "jpeg must rise from at least 1"),
        ({"scale": 1, "spoilings": [{"share": 1, "noise": [50, 10]}]}, "noise must rise"),
        ({"scale": 1, "spoilings": [{"share": 1, "rain": [0, 1]}]}, "rain"),
    ],
)
def test_a_recipe_says_what_is_wrong_with_it(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        recipe(**settings)
