"""Points: those of a mirrored picture can be told without looking at it, and the first of them lie all over it."""

from __future__ import annotations

import numpy as np

from detectors.near.keypoints import LONGEST, points_of
from tests.detectors.making import halved, photograph


def test_mirrored_points_are_those_of_the_mirrored_picture() -> None:
    pixels = photograph("crab")
    told, there = points_of(pixels, 300).mirrored(), points_of(np.ascontiguousarray(pixels[:, ::-1]), 300)
    alike = told.seen @ there.seen.T
    nearest = alike.argmax(axis=1)
    beside = np.abs(told.places - there.places[nearest])
    beside[:, 3] = np.abs((beside[:, 3] + np.pi) % (2 * np.pi) - np.pi)
    same = (beside < [3, 3, 0.5, 0.2]).all(axis=1)
    assert same.mean() > 0.8, "the others are found elsewhere"
    assert np.median(alike.max(axis=1)) > 0.98


def test_the_first_points_are_a_smaller_number_of_points_and_spread() -> None:
    many, few = points_of(halved("dogs"), 200), points_of(halved("dogs"), 48)
    assert np.array_equal(many.places[:48], few.places)
    assert np.array_equal(many.seen[:48], few.seen)
    height, width = halved("dogs").shape[:2]
    scale = min(1.0, LONGEST / max(height, width))
    cells = few.places[:, :2] * 2 / (scale * np.array([width, height]))
    assert len({(int(across), int(down)) for across, down in cells}) == 4, "every quarter of the picture has some"


def test_a_flat_picture_has_none() -> None:
    points = points_of(np.full((60, 90, 3), 128, np.uint8), 10)
    assert (len(points), points.seen.shape, points.width) == (0, (0, 128), 90)
