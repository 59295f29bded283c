"""Before and after in one picture: the right place is shown, in full, for every size."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.media import Frame, Pixels
from generators.comparison import DETAIL, PANEL, Side, changed_most, compare, fitted
from tests.generators.pictures import noise, photo


def sides(before: Pixels, after: Pixels) -> tuple[Side, Side]:
    return Side(Frame(before), "before"), Side(Frame(after), "after: upscale by compact")


@given(st.integers(1, 300), st.integers(1, 300), st.integers(1, 4))
@settings(max_examples=8, deadline=None)
def test_any_size_makes_one_picture_of_bounded_size(height: int, width: int, scale: int) -> None:
    before = noise(height, width)
    made = compare(*sides(before, before.repeat(scale, axis=0).repeat(scale, axis=1))).pixels
    assert made.dtype == np.uint8
    assert 2 * 320 <= made.shape[1] <= 2 * PANEL + 100
    assert made.shape[0] <= 2 * PANEL + 200


@pytest.mark.parametrize("scale", [1, 2])
def test_the_detail_is_where_most_was_changed(scale: int) -> None:
    before = photo("dogs.jpg", 300, 280)
    after = before.repeat(scale, axis=0).repeat(scale, axis=1)
    after[210 * scale : 240 * scale, 70 * scale : 120 * scale] ^= 255
    top, left = changed_most(before, after)
    assert top in range(240 - DETAIL, 211)
    assert left in range(120 - DETAIL, 71)


def test_the_changed_pixels_are_seen_enlarged() -> None:
    """A black square turned red: its detail is there in both panels, each of its pixels a square."""
    before = np.full((128, 128, 3), 200, np.uint8)
    before[64:128, 0:64] = 0
    after = before.copy()
    after[64:128, 0:64] = (250, 0, 0)
    made = compare(*sides(before, after)).pixels
    lower = made[made.shape[0] // 2 :]
    half = lower.shape[1] // 2
    assert (lower[:, :half] == 0).all(axis=2).sum() == PANEL * PANEL
    assert (lower[:, half:] == (250, 0, 0)).all(axis=2).sum() == PANEL * PANEL


def test_what_is_turned_by_exif_is_seen_upright_and_what_is_transparent_on_grey() -> None:
    pixels = np.zeros((40, 80, 3), np.uint8)
    pixels[:, :40] = 255
    alpha = np.full((40, 80), 255, np.uint8)
    alpha[0] = 0
    seen = Side(Frame(pixels, alpha), "before", 6).pixels
    assert seen.shape == (80, 40, 3)
    assert (seen[:40, 0] == 255).all()
    assert (seen[:, -1] == 128).all()


def test_a_long_caption_is_written_smaller_and_then_cut() -> None:
    side, long = Side(Frame(noise(9, 90)), "before"), Side(Frame(noise(9, 90)), "a very long name " * 40)
    assert compare(long, long).pixels.shape[1] == compare(side, side).pixels.shape[1]


def test_pictures_that_become_larger_show_their_pixels() -> None:
    small = noise(4, 8)
    assert np.array_equal(fitted(small, 32), small.repeat(4, axis=0).repeat(4, axis=1))
