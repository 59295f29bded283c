"""Kernels of lenses and hands: whole, centred, as wide as they say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.blurring import Kernel, blurred, disc, gaussian, motion


def centre(kernel: Kernel) -> tuple[float, float]:
    """Of mass, pixels from the middle."""
    along = np.arange(len(kernel)) - len(kernel) // 2
    return float(kernel.sum(axis=1) @ along), float(kernel.sum(axis=0) @ along)


KERNELS = st.one_of(
    st.builds(gaussian, st.floats(0.3, 5)),
    st.builds(disc, st.floats(0.3, 10)),
    st.builds(motion, st.floats(1, 31), st.floats(0, 3.2), st.floats(-1.6, 1.6)),
)


@given(KERNELS)
def test_nothing_is_lost_and_nothing_moves(kernel: Kernel) -> None:
    assert kernel.shape[0] == kernel.shape[1]
    assert len(kernel) % 2 == 1
    assert kernel.min() >= 0
    assert kernel.sum() == pytest.approx(1, abs=1e-5)
    assert centre(kernel) == pytest.approx((0, 0), abs=1e-3)


@given(st.floats(1, 10))
def test_a_disc_covers_its_area(radius: float) -> None:
    assert 1 / disc(radius).max() == pytest.approx(np.pi * radius**2, rel=0.1)


def test_a_straight_path_is_as_long_as_it_says_and_lies_as_it_says() -> None:
    level, upright = motion(9, 0), motion(9, np.pi / 2)
    assert np.count_nonzero(level.max(axis=0) > 0.01) in (9, 10, 11)
    assert np.count_nonzero(level.max(axis=1) > 0.01) == 1
    np.testing.assert_allclose(upright, level.T, atol=1e-6)


def test_a_bent_path_leaves_the_straight_one() -> None:
    rows = [np.count_nonzero(motion(15, 0, bend).max(axis=1) > 0.01) for bend in (0, 1.5)]
    assert rows[0] == 1
    assert rows[1] >= 3


def test_one_bright_pixel_becomes_the_kernel() -> None:
    pixels = np.zeros((31, 31, 3), np.uint8)
    pixels[15, 15] = 255
    made = blurred(pixels, disc(2.5))
    np.testing.assert_allclose(made[12:19, 12:19, 1], 255 * disc(2.5), atol=0.51)
