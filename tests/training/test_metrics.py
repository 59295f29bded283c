"""PSNR and SSIM against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInput
from training.measure import average, bicubic, measure
from training.metrics import Picture, Score, score


def flat(value: int, side: int = 20) -> Picture:
    return np.full((side, side, 3), value, dtype=np.uint8)


def test_equal_pictures_are_infinitely_near() -> None:
    assert score(flat(90), flat(90), border=2) == Score(float("inf"), 1.0)


@given(st.integers(min_value=1, max_value=60))
def test_psnr_of_a_grey_step_follows_from_the_luma_range(step: int) -> None:
    # Grey g has luma 16 + 219·g/255, so a step of s moves it by 219·s/255.
    expected = 20 * np.log10(255 / (219 * step / 255))
    assert score(flat(100), flat(100 + step), border=0).psnr_y == pytest.approx(expected, abs=1e-6)


def test_the_border_does_not_count() -> None:
    framed = flat(90)
    framed[:3] = framed[-3:] = 255
    framed[:, :3] = framed[:, -3:] = 255
    assert score(framed, flat(90), border=3).psnr_y == float("inf")
    assert score(framed, flat(90), border=2).psnr_y < 30


def test_repeating_pixels_is_worse_than_bicubic(pictures: dict[str, Picture]) -> None:
    nearest = measure(lambda small: small.repeat(2, axis=0).repeat(2, axis=1), 2, pictures)
    assert average(nearest).psnr_y < average(measure(bicubic(2), 2, pictures)).psnr_y


def test_an_original_too_small_to_compare_is_named() -> None:
    with pytest.raises(InvalidInput, match="speck is too small"):
        measure(bicubic(4), 4, {"speck": flat(1, side=12)})
