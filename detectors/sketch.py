"""A picture's sketch, and whether another picture shows the same, or a part of it.

A perceptual hash of a cropped picture says nothing of the whole one. Where a watermark already names *one* signed
picture, a small copy of that is enough to look: the other picture is laid over it at several sizes, places and angles,
and the best agreement is the answer. Knows two pictures; what agreement is enough was measured by
`training.evaluation.recovery`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain

import cv2
import numpy as np
from numpy.typing import NDArray

from core.media import Pixels
from detectors.calibration import Logistic

SIDE = 64
BYTES = SIDE * SIDE
"""A sketch: grey levels, row by row, of the picture squeezed to a square."""
AGREES = 0.9
"""Likeness from which on a picture shows the same, or a part of it."""
CALIBRATION = Logistic(weights=(28.39,), bias=-22.60, bound=2.07)
"""Of the likeness: fitted by `training.evaluation.recovery` on the train split of the photographs."""
_FINEST, _COARSEST = 0.8, 6.0  # of the band that is compared, as deviations of Gaussians in pixels of the sketch
_SCALES = tuple(np.arange(1.0, 0.44, -0.05).round(2))
_SQUEEZES = (0.9, 1.1)
_ANGLES = (-6.0, -4.5, -3.0, -1.5, 0.0, 1.5, 3.0, 4.5, 6.0)
# Turned back, a picture has corners of which nothing is known; this share of its middle has none at 6°.
_WHOLE = 0.82
_WORKING = 160  # pixels of the longer side at which a picture is turned
_LEAST = 2.0  # grey levels: deviation of the band below which there is nothing to compare
_SURE = 0.97  # no better place needs to be looked for


def sketch(pixels: Pixels) -> bytes:
    """The sketch of an RGB picture, uint8, shape (height, width, 3)."""
    return _grey(pixels).tobytes()


def likeness(pixels: Pixels, stored: bytes) -> float:
    """How well a picture agrees with the sketch, or with a part of it: the best normalised correlation, −1 to 1.

    Reaches over windows of at least 45% of each side, also mirrored or tilted by up to 6° to either side, and over the
    whole picture in each of its eight orientations. Where there is nothing to see, in the picture or in the part,
    nothing agrees. stored: BYTES.
    """
    whole = _Whole(_band(np.frombuffer(stored, np.uint8).reshape(SIDE, SIDE)))
    small = _reduced(pixels)
    best = -1.0
    mirrored = np.ascontiguousarray(small[:, ::-1])
    for window, width, height in chain(_turns(small), _windows(small, _ANGLES), _windows(mirrored, (0.0,))):
        best = max(best, whole.agreement(_band(_resized(window, width, height))))
        if best >= _SURE:
            break
    return best


class _Whole:
    """The sketch that pictures are laid over."""

    def __init__(self, band: NDArray[np.float32]) -> None:
        self._band = band
        self._deviations: dict[tuple[int, int], NDArray[np.float64]] = {}
        self._tables = [np.asarray(table, np.float64) for table in cv2.integral2(band)]

    def agreement(self, template: NDArray[np.float32]) -> float:
        """The best correlation of any place, among places where there is something to see."""
        if float(template.std()) < _LEAST:
            return -1.0
        found = cv2.matchTemplate(self._band, template, cv2.TM_CCOEFF_NORMED)
        seen = np.where(self._deviation(*template.shape) >= _LEAST, found, -1.0)
        return float(seen.max())

    def _deviation(self, height: int, width: int) -> NDArray[np.float64]:
        """Standard deviation of every window of that size; many templates have the same."""
        if (height, width) not in self._deviations:
            mean, square = (_windowed(table, height, width) / (height * width) for table in self._tables)
            self._deviations[height, width] = np.sqrt(np.maximum(square - mean**2, 0.0))
        return self._deviations[height, width]


def _windowed(table: NDArray[np.float64], height: int, width: int) -> NDArray[np.float64]:
    """Sums of every window, of an integral image."""
    rows: NDArray[np.float64] = table[height:] - table[:-height]
    return rows[:, width:] - rows[:, :-width]


def _turns(small: Pixels) -> Iterator[tuple[Pixels, int, int]]:
    """The whole picture in its eight orientations."""
    for turns in range(4):
        turned = np.rot90(small, turns)
        for each in (turned, turned[:, ::-1]):
            yield np.ascontiguousarray(each), SIDE, SIDE


def _windows(small: Pixels, angles: Sequence[float]) -> Iterator[tuple[Pixels, int, int]]:
    """The picture at every angle, with the size of the part of the sketch that it may be."""
    for angle in angles:
        turned, share = (_turned(small, angle), _WHOLE) if angle else (small, 1.0)
        for width, height in _sizes(share, bool(angle)):
            yield turned, width, height


@lru_cache(maxsize=4)
def _sizes(share: float, turned: bool) -> tuple[tuple[int, int], ...]:
    squeezes = (1.0,) if turned else (1.0, *_SQUEEZES)
    sides = ((scale * share, scale * share * squeeze) for scale in _SCALES for squeeze in squeezes)
    return tuple(dict.fromkeys((round(SIDE * width), round(SIDE * height)) for width, height in sides if height <= 1.0))


def _turned(small: Pixels, angle: float) -> Pixels:
    """Turned about its middle, and cut down to what is known."""
    height, width = small.shape
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), angle, 1.0)
    whole = cv2.warpAffine(small, matrix, (width, height), flags=cv2.INTER_LINEAR)
    top, left = round(height * (1 - _WHOLE) / 2), round(width * (1 - _WHOLE) / 2)
    middle: Pixels = whole[top : height - top, left : width - left].astype(np.uint8)
    return middle


def _reduced(pixels: Pixels) -> Pixels:
    """Grey, at its own aspect, with sides of 32 to 160 pixels."""
    factor = _WORKING / max(pixels.shape[:2])
    height, width = (max(SIDE // 2, round(side * factor)) for side in pixels.shape[:2])
    return _resized(_luma(pixels), width, height)


def _grey(pixels: Pixels) -> Pixels:
    return _resized(_luma(pixels), SIDE, SIDE)


def _luma(pixels: Pixels) -> Pixels:
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)


def _resized(grey: Pixels, width: int, height: int) -> Pixels:
    return np.asarray(cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _band(grey: Pixels) -> NDArray[np.float32]:
    """Detail without noise and without light: large gradients agree between any two landscapes."""
    picture = grey.astype(np.float32)
    fine = cv2.GaussianBlur(picture, (0, 0), _FINEST)
    return np.asarray(fine - cv2.GaussianBlur(picture, (0, 0), _COARSEST), dtype=np.float32)
