"""Recolouring turns a drawing's main hue to the wanted one, and leaves the rest alone."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st

from training.scenes.recolour import recolour
from training.scenes.vocabulary import read_vocabulary

COLOURS = read_vocabulary().colours
NAMES = st.sampled_from(sorted(COLOURS))
HUES = st.integers(0, 359)


def disc(hue: float, spot: float | None = None) -> npt.NDArray[np.uint8]:
    """A disc of a hue on nothing, with a smaller spot of another hue and a grey rim."""
    hsv = np.zeros((64, 64, 3), np.float32)
    cv2.circle(hsv, (32, 32), 26, (0, 0, 0.5), -1)
    cv2.circle(hsv, (32, 32), 22, (hue, 0.9, 0.8), -1)
    if spot is not None:
        cv2.circle(hsv, (32, 32), 6, (spot, 0.9, 0.8), -1)
    rgb = np.rint(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB) * 255).astype(np.uint8)
    alpha = np.zeros((64, 64, 1), np.uint8)
    cv2.circle(alpha, (32, 32), 28, 200, -1)
    return np.concatenate([rgb, alpha], axis=2)


def hue_at(drawing: npt.NDArray[np.uint8], row: int, column: int) -> float:
    rgb = drawing[row : row + 1, column : column + 1, :3].astype(np.float32) / 255
    return float(cv2.cvtColor(rgb, cv2.COLOR_RGB2HSV)[0, 0, 0])


def between(one: float, other: float) -> float:
    """The angle between two hues, degrees."""
    return abs((one - other + 180) % 360 - 180)


@given(HUES, NAMES)
def test_the_main_hue_becomes_the_wanted_one(hue: int, name: str) -> None:
    made = recolour(disc(hue), COLOURS[name])
    assert between(hue_at(made, 32, 20), COLOURS[name].hue) < 3


@given(HUES, st.integers(90, 270), NAMES)
def test_other_hues_and_greys_stay(hue: int, turn: int, name: str) -> None:
    drawing = disc(hue, spot=(hue + turn) % 360)
    made = recolour(drawing, COLOURS[name])
    for row, column in ((32, 32), (32, 8)):
        assert np.abs(made[row, column].astype(int) - drawing[row, column]).max() <= 1


@given(HUES, NAMES)
def test_shape_and_transparency_are_kept(hue: int, name: str) -> None:
    drawing = disc(hue)
    before = drawing.copy()
    made = recolour(drawing, COLOURS[name])
    assert made.dtype == np.uint8
    assert np.array_equal(made[..., 3], drawing[..., 3])
    assert np.array_equal(drawing, before)


@given(NAMES, NAMES)
def test_two_colours_can_be_told_apart(one: str, other: str) -> None:
    pictures = [recolour(disc(0), COLOURS[name])[32, 20].astype(int) for name in (one, other)]
    assert one == other or np.abs(pictures[0] - pictures[1]).max() > 25


def test_a_drawing_without_colour_keeps_its_greys() -> None:
    grey = np.full((16, 16, 4), 128, np.uint8)
    assert np.array_equal(recolour(grey, COLOURS["red"]), grey)
