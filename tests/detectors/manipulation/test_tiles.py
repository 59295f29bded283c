"""Tiles cover a picture, and what is put together is what was there."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from detectors.manipulation import tiles

SIDES = st.integers(64, 1500)


@given(SIDES, SIDES)
def test_tiles_cover_the_picture_and_overlap(height: int, width: int) -> None:
    whole = tiles.padded(np.zeros((height, width, 1), np.uint8))
    assert [length % tiles.COARSEST for length in whole.shape[:2]] == [0, 0]
    covered = np.zeros(whole.shape[:2], int)
    where = tiles.boxes(*whole.shape[:2])
    size = covered[where[0]].shape
    assert all(side <= tiles.SIDE and side % tiles.COARSEST == 0 for side in size)
    for box in where:
        assert [span.start % 8 for span in box] == [0, 0]
        assert covered[box].shape == size
        covered[box] += 1
    assert covered.min() >= 1
    for axis in (0, 1):
        spans = sorted({(box[axis].start, box[axis].stop) for box in where})
        assert all(first[1] - second[0] >= tiles.OVERLAP for first, second in pairwise(spans))


@given(st.integers(16, 300), st.integers(16, 300))
def test_a_map_cut_into_tiles_is_the_same_map_again(rows: int, columns: int) -> None:
    height, width = (length // 8 * 32 for length in (rows, columns))
    field = np.random.default_rng(0).normal(size=(2, height // 4, width // 4)).astype(np.float32)
    where = tiles.boxes(height, width)
    cut = [field[:, box[0].start // 4 : box[0].stop // 4, box[1].start // 4 : box[1].stop // 4] for box in where]
    np.testing.assert_allclose(tiles.together(cut, where, 4), field, atol=1e-5)
