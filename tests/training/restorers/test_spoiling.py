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


@pytest.mark.parametrize("kind", [{"defocus": (3, 3)}, {"motion": (9, 9)}], ids=str)
def test_lenses_and_hands_take_detail_and_keep_the_mean(kind: dict[str, tuple[float, float]]) -> None:
    board = (np.indices((64, 64)).sum(axis=0) % 2 * 255).astype(np.uint8)[..., None].repeat(3, axis=2)
    made = spoil(board, Spoiling.model_validate({"share": 1, **kind}), 1, np.random.default_rng(0))
    assert made.std() < 0.3 * board.std()
    assert made.mean() == pytest.approx(board.mean(), abs=1)


def test_a_blurred_patch_shows_what_lay_around_it() -> None:
    """Half a picture is black and half white: a patch is blurred by the other half, wherever it was cut."""
    picture = np.zeros((200, 200, 3), np.uint8)
    picture[:, 100:] = 255
    blurs = [{"share": 1, "motion": [15, 15]}]
    batches = Spoiled({"one": picture}, recipe(scale=1, spoilings=blurs, batch=32, patch=16))
    spoiled, wanted = batches.batch(0)
    assert spoiled.shape == wanted.shape == (32, 3, 16, 16)
    flat = wanted.flatten(1).amin(1) == wanted.flatten(1).amax(1)
    assert any(each.min() != each.max() for each in spoiled[flat])


def test_the_noise_of_a_patch_is_told_in_a_fourth_channel() -> None:
    told = recipe(scale=1, told_noise=True, batch=32, patch=32, spoilings=[{"share": 1, "noise": [0, 60]}])
    spoiled, wanted = Spoiled({"grey": np.full((64, 64, 3), 128, np.uint8)}, told).batch(3)
    assert spoiled.shape == wanted.shape == (32, 4, 32, 32)
    assert torch.equal(spoiled[:, 3], wanted[:, 3])
    for patch, clean in zip(spoiled, wanted, strict=True):
        assert patch[3].min() == patch[3].max()
        assert float((patch[:3] - clean[:3]).std()) == pytest.approx(float(patch[3, 0, 0]), rel=0.1, abs=0.002)


def test_patches_of_greys_have_the_noise_of_one_channel(pictures: dict[str, Picture]) -> None:
    settings = recipe(scale=1, greys=1, spoilings=[{"share": 1, "noise": [20, 20]}])
    for patches in Spoiled(pictures, settings).batch(0):
        assert torch.equal(patches[:, 0], patches[:, 1])
        assert torch.equal(patches[:, 0], patches[:, 2])


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
        ({"scale": 1, "spoilings": [{"share": 1, "motion": [0, 5]}]}, "motion must rise from at least 1"),
        ({"scale": 1, "spoilings": [{"share": 1, "defocus": [1, 11]}]}, "defocus must rise .* at most 10"),
        ({"scale": 1, "told_noise": True, "spoilings": [{"share": 1, "jpeg": [9, 10]}]}, "told only where"),
        ({"scale": 1, "spoilings": [{"share": 1, "rain": [0, 1]}]}, "rain"),
    ],
)
def test_a_recipe_says_what_is_wrong_with_it(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        recipe(**settings)
