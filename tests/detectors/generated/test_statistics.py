"""Figures of pixels: always numbers, always as many, and moved by what they are named after."""

from __future__ import annotations

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from core.media import Pixels
from detectors.generated.statistics import middle, statistics
from tests.detectors.making import halved

_GREEN_AND_RED = 42  # correlation of the residuals of red and green


@settings(deadline=None, max_examples=25)
@given(st.integers(64, 200), st.integers(64, 200), st.integers(0, 255), st.integers(0, 2**32 - 1))
def test_any_picture_has_as_many_figures(height: int, width: int, spread: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    picture = random.integers(0, spread + 1, (height, width, 3)).astype(np.uint8)
    figures = statistics(picture)
    assert figures.shape == (87,)
    assert figures.dtype == np.float32
    assert np.isfinite(figures).all()
    np.testing.assert_array_equal(figures, statistics(picture))


def test_colours_that_err_alike_are_told_from_those_that_do_not() -> None:
    random = np.random.default_rng(3)
    apart = random.integers(60, 190, (256, 256, 3), dtype=np.uint8)
    alike = np.repeat(apart[..., :1], 3, axis=2)
    assert statistics(alike)[_GREEN_AND_RED] > 0.99
    assert abs(statistics(apart)[_GREEN_AND_RED]) < 0.05


def test_doubling_shows() -> None:
    picture = halved("stream")
    doubled = np.repeat(np.repeat(picture[::2, ::2], 2, axis=0), 2, axis=1)
    plain, twice = statistics(picture), statistics(doubled)
    assert np.abs(twice[30:34:2]).min() > 10 * np.abs(plain[30:34:2]).max()


def test_only_the_middle_counts() -> None:
    large: Pixels = np.random.default_rng(4).integers(0, 256, (700, 900, 3), dtype=np.uint8)
    other = cv2.copyMakeBorder(middle(large), 100, 100, 100, 100, cv2.BORDER_CONSTANT, value=(0, 0, 0))
    np.testing.assert_array_equal(statistics(large), statistics(np.asarray(other, np.uint8)))
