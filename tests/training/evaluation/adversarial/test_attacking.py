"""Attacks stay within their reach, and lead where they are to lead."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.media import Pixels
from training.evaluation.adversarial.attacking import descended, shaken


def picture(seed: int, side: int = 16) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, (side, side, 3), np.uint8)


def edges(pictures: torch.Tensor) -> torch.Tensor:
    """A score that is no plane: how strongly neighbours differ."""
    return torch.tanh((pictures[..., 1:] - pictures[..., :-1]).square().mean() / 10_000)


@settings(max_examples=20)
@given(seed=st.integers(0, 99), reach=st.integers(1, 8), towards=st.sampled_from((-1, 1)), steps=st.integers(1, 4))
def test_no_pixel_goes_further_than_it_may_and_no_score_the_wrong_way(
    seed: int, reach: int, towards: int, steps: int
) -> None:
    before = picture(seed)
    after = descended(edges, before, towards, reach, steps)
    assert after.dtype == np.uint8
    assert np.abs(after.astype(int) - before).max() <= reach

    def score(pixels: Pixels) -> float:
        return float(edges(torch.from_numpy(np.moveaxis(pixels, 2, 0)[None].astype(np.float32))))

    assert towards * score(after) >= towards * score(before)


def test_the_gradient_of_a_plane_is_followed_to_the_end() -> None:
    weights = torch.from_numpy(np.random.default_rng(1).normal(size=(1, 3, 16, 16)).astype(np.float32))
    before = np.full((16, 16, 3), 128, np.uint8)
    after = descended(lambda pictures: (pictures * weights).sum(), before, 1, 3)
    assert np.array_equal(after.astype(int) - before, 3 * np.sign(np.moveaxis(weights[0].numpy(), 0, 2)))


def test_a_caller_without_gradients_can_attack() -> None:
    with torch.inference_mode():
        after = descended(edges, picture(1), 1, 2, 2)
    assert not np.array_equal(after, picture(1))


@pytest.mark.parametrize("reach", [2, 4])
def test_noise_is_as_large_as_an_attack_may_be_and_is_the_same_again(reach: int) -> None:
    before = np.full((16, 16, 3), 128, np.uint8)
    after = shaken(before, reach, np.random.default_rng(1))
    assert (np.abs(after.astype(int) - before) == reach).all()
    assert np.array_equal(after, shaken(before, reach, np.random.default_rng(1)))
    assert shaken(np.zeros((8, 8, 3), np.uint8), reach, np.random.default_rng(1)).max() == reach
