"""Patches wear out as the rounds say, by chance alone, and come out at the size that was asked for."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.generators.pictures import photo
from tests.training.restorers.test_spoiling import recipe
from training.metrics import Picture
from training.restorers.recipe import Round, Wear
from training.restorers.spoiling import Spoiled
from training.restorers.wearing import blurred, noisy, worn

ROUND = Round(
    blur=(0.5, 2), discs=0.3, resize=(0.3, 1.5), noise=(1, 10), light=0.5, grey=0.5, jpeg=(40, 95), skipped=0.3
)
GREY = np.full((64, 64, 3), 128, np.uint8)


def changed(**settings_: object) -> Round:
    return ROUND.model_copy(update=settings_)


@settings(max_examples=25)
@given(st.integers(0, 2**32), st.integers(1, 3), st.sampled_from([1, 2, 4]))
def test_whatever_befalls_a_patch_it_has_the_size_that_was_asked_for(seed: int, rounds: int, scale: int) -> None:
    patch = photo("fig.jpg", 64, 64)
    made, again = (worn(patch, (ROUND,) * rounds, scale, np.random.default_rng(seed)) for _ in range(2))
    assert made.shape == (64 // scale, 64 // scale, 3)
    assert made.dtype == np.uint8
    assert np.array_equal(made, again)


@given(st.integers(0, 2**32), st.floats(0, 1))
def test_a_blur_leaves_what_is_flat_and_never_sharpens(seed: int, discs: float) -> None:
    how, random = changed(discs=discs), np.random.default_rng(seed)
    assert np.array_equal(blurred(GREY, how, random), GREY)
    patch = photo("crab.jpg", 64, 64)
    assert np.std(blurred(patch, how, random)) < np.std(patch)


@given(st.integers(0, 2**32), st.sampled_from([0.0, 1.0]))
def test_noise_is_as_strong_as_asked_and_the_lights_own_grows_with_it(seed: int, light: float) -> None:
    how = changed(noise=(8, 8), light=light, grey=0.0)
    dark, bright = np.full_like(GREY, 60), np.full_like(GREY, 200)
    found = [np.std(noisy(each, how, np.random.default_rng(seed)).astype(float)) for each in (dark, bright)]
    wanted = [8 * np.sqrt(level / 255) if light else 8.0 for level in (60, 200)]
    assert found == pytest.approx(wanted, rel=0.1)


def test_grey_noise_is_the_same_in_all_colours() -> None:
    for grey in (0.0, 1.0):
        made = noisy(GREY, changed(grey=grey), np.random.default_rng(0)).astype(int)
        assert np.array_equal(made[..., 0], made[..., 2]) == bool(grey)


def test_what_is_spared_every_step_is_only_resized() -> None:
    made = worn(GREY, (changed(skipped=1.0),), 4, np.random.default_rng(0))
    assert (made == 128).all()


def test_a_batch_is_a_function_of_recipe_and_step_and_worn_in_its_share(pictures: dict[str, Picture]) -> None:
    small, large = (
        Spoiled(pictures, recipe(scale=2, wear=Wear(share=share, rounds=(ROUND,)), batch=16)).batch(3)
        for share in (0.5, 1.0)
    )
    plain, wanted = Spoiled(pictures, recipe(scale=2, batch=16)).batch(3)
    assert (small[1] == wanted).all()
    assert (large[1] == wanted).all()
    untouched = [same(each[0], plain) for each in (small, large)]
    assert 2 <= untouched[0] <= 14
    assert untouched[1] == 0


def same(one: torch.Tensor, other: torch.Tensor) -> int:
    """How many patches of two batches are the same."""
    return sum(torch.equal(*pair) for pair in zip(one, other, strict=True))


@pytest.mark.parametrize("wrong", [{"blur": [0, 1]}, {"resize": [0.5, 5]}, {"jpeg": [90, 40]}, {"skipped": 1.5}])
def test_a_round_that_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        Round.model_validate(ROUND.model_dump() | wrong)


def test_patches_wear_out_or_are_spoiled() -> None:
    wear = Wear(share=0.6, rounds=(ROUND,))
    with pytest.raises(ValidationError, match="not both"):
        recipe(scale=2, wear=wear, spoilings=[{"share": 0.5, "noise": [1, 2]}])
