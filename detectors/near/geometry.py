"""Whether the points of one picture lie in another as one shape: shifted, scaled and turned together.

Any two pictures have points that look alike. In a copy they agree about where the picture went, how large it became
and how it was turned; in strangers a handful does by chance. Knows points; it does not know lists.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.near.description import Marks
from detectors.near.keypoints import LONGEST, Floats

_ALIKE = 0.75  # cosine of two points; below, pairs are chance
_NEAR = 8.0  # pixels of the reduced picture that a point may lie beside its place
_ROUNDS = 500
_SURE = 0.99
_SIZE, _TURN = 0.7, 0.45  # octaves and radians by which a point may differ from what the whole did
_CELL = LONGEST // 10
_LEAST = 4


@dataclass(frozen=True, slots=True)
class Agreement:
    """points: those that agree. cells: squares of a tenth of the longer side of the listed picture that they lie in."""

    points: int = 0
    cells: int = 0


def settings() -> list[float]:
    """What decides how many points agree."""
    return [_ALIKE, _NEAR, _ROUNDS, _SURE, _SIZE, _TURN, _LEAST]


def agreement(asked: Marks, listed: Marks) -> Agreement:
    """The largest set of pairs found that one similarity explains (RANSAC; equal marks give an equal answer)."""
    pairs = _pairs(asked.seen, listed.seen)
    if len(pairs) < _LEAST:
        return Agreement()
    here, there = asked.places[pairs[:, 0]], listed.places[pairs[:, 1]]
    source, target = (np.ascontiguousarray(each[:, :2]) for each in (here, there))  # OpenCV misreads what is not
    moved, explained = cv2.estimateAffinePartial2D(
        source, target, method=cv2.RANSAC, ransacReprojThreshold=_NEAR, maxIters=_ROUNDS, confidence=_SURE
    )
    if moved is None or not np.isfinite(moved).all():
        return Agreement()
    agree = explained.ravel().astype(bool) & _as_the_whole(here, there, np.asarray(moved, np.float64))
    cells = {(int(across // _CELL), int(down // _CELL)) for across, down in there[agree, :2]}
    return Agreement(int(agree.sum()), len(cells))


def _pairs(asked: Floats, listed: Floats) -> NDArray[np.intp]:
    """(n, 2): points that are each other's nearest, and alike."""
    alike = asked @ listed.T
    if not alike.size:
        return np.zeros((0, 2), np.intp)
    there, here = alike.argmax(axis=1), np.arange(len(asked))
    good = (alike.argmax(axis=0)[there] == here) & (alike[here, there] > _ALIKE)
    return np.stack([here[good], there[good]], axis=1)


def _as_the_whole(here: Floats, there: Floats, moved: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Points whose own size and angle changed as the whole did."""
    octaves = float(np.log2(max(float(np.hypot(moved[0, 0], moved[1, 0])), 1e-6)))
    turn = float(np.arctan2(moved[1, 0], moved[0, 0]))
    beside = np.abs(there[:, 2] - here[:, 2] - octaves)
    turned = np.abs((there[:, 3] - here[:, 3] - turn + np.pi) % (2 * np.pi) - np.pi)
    good: NDArray[np.bool_] = (beside < _SIZE) & (turned < _TURN)
    return good
