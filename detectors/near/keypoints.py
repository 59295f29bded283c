"""The points of a picture that are found again in a copy of it: SIFT, spread over the picture. Knows one picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from core.media import Pixels

Floats: TypeAlias = NDArray[np.float32]
LONGEST = 480
"""Pixels of the longer side at which points are sought; larger pictures are reduced, smaller ones stay."""
WIDTH = 128
"""Numbers by which SIFT describes a point."""
_GRID = 4
_LAYERS = 3
_CONTRAST = 0.02  # of SIFT: half of its authors' bound, so that soft pictures have points as well
# A mirror turns the order of the rows of SIFT's grid around, and the sense of its angles.
_MIRRORED = np.array(
    [((3 - row) * 4 + column) * 8 + (8 - angle) % 8 for row in range(4) for column in range(4) for angle in range(8)]
)


@dataclass(frozen=True, eq=False, slots=True)
class Points:
    """places: float32 (n, 4): across and down in pixels of the reduced picture, size as log2, angle in radians.

    seen: float32 (n, 128), RootSIFT (Arandjelović and Zisserman, CVPR 2012), each of length 1. width: of the reduced
    picture, pixels.
    """

    places: Floats
    seen: Floats
    width: int

    def __len__(self) -> int:
        return len(self.places)

    def mirrored(self) -> Points:
        """Those of the mirrored picture, but for a few that SIFT would find elsewhere."""
        places = self.places * np.array([-1, 1, 1, -1], np.float32)
        places += np.array([self.width - 1, 0, 0, np.pi], np.float32)
        return Points(places, self.seen[:, _MIRRORED], self.width)


def settings() -> list[float]:
    """What decides which points a picture has: those found by others are not comparable."""
    return [LONGEST, _GRID, _LAYERS, _CONTRAST]


def points_of(pixels: Pixels, most: int) -> Points:
    """At most `most` points of an RGB picture, uint8 (h, w, 3); the first of them are spread over it as all are."""
    grey = _reduced(np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8))
    sift = cv2.SIFT.create(0, _LAYERS, _CONTRAST)
    found = sift.detect(grey, None)
    kept = [found[at] for at in _spread(found, grey.shape)[:most]]
    if not kept:
        return Points(np.zeros((0, 4), np.float32), np.zeros((0, WIDTH), np.float32), grey.shape[1])
    _, described = sift.compute(grey, kept)
    places = np.array([(*each.pt, np.log2(max(each.size, 1e-3)), np.radians(each.angle)) for each in kept], np.float32)
    shares = described / np.maximum(described.sum(axis=1, keepdims=True), 1e-9)
    return Points(places, np.sqrt(shares), grey.shape[1])


def _reduced(grey: Pixels) -> Pixels:
    factor = LONGEST / max(grey.shape)
    if factor >= 1:
        return grey
    height, width = (max(1, round(side * factor)) for side in grey.shape)
    return np.asarray(cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _spread(found: Sequence[cv2.KeyPoint], shape: tuple[int, ...]) -> NDArray[np.intp]:
    """Their order: the strongest of every cell of a grid, then the second of every cell, and so on.

    The strongest alone would lie on one bright sign, and be gone with it.
    """
    if not found:
        return np.zeros(0, np.intp)
    places = np.array([each.pt for each in found])
    strength = -np.array([each.response for each in found])
    cells = np.minimum(places * _GRID / np.array(shape[1::-1]), _GRID - 1).astype(int) @ [1, _GRID]
    order = np.lexsort((places[:, 1], places[:, 0], strength))
    rank = np.empty(len(found), int)
    for cell in range(_GRID * _GRID):
        mine = order[cells[order] == cell]
        rank[mine] = np.arange(len(mine))
    return np.lexsort((places[:, 1], places[:, 0], strength, rank))
