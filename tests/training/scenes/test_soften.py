from __future__ import annotations

import numpy as np
from hypothesis import given

from tests.training.conftest import textured
from tests.training.scenes.laws import SEEDS
from training.scenes.soften import soften


@given(SEEDS)
def test_a_softened_picture_is_the_same_picture(seed: int) -> None:
    picture = textured(seed % 7, side=64)
    made = soften(picture, np.random.default_rng(seed))
    assert made.shape == picture.shape
    assert made.dtype == np.uint8
    assert np.array_equal(made, soften(picture, np.random.default_rng(seed)))
    # Colours keep their places: red and blue are not mixed up on the way through JPEG.
    assert np.abs(made.mean(axis=(0, 1)) - picture.mean(axis=(0, 1))).max() < 4


def test_some_are_left_alone_and_some_are_not() -> None:
    picture = textured(1, side=64)
    kept = [np.array_equal(soften(picture, np.random.default_rng(seed)), picture) for seed in range(60)]
    assert 10 < sum(kept) < 45
