"""Faces in a picture of any size: where they are, largest first. It knows no person, and keeps nothing of one."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from core.media import Pixels
from detectors.faces.cascade import LEAST_FACE, Cascade

MOST_PIXELS = 800_000
"""Larger pictures are reduced to it before faces are looked for."""
LEAST_SIDE = 2 * LEAST_FACE
"""Of a picture, pixels: below it there is no room for a face."""


@dataclass(frozen=True, slots=True)
class Face:
    """left, top, width, height: pixels of the picture, within it. sure: 0 to 1, as the network has it."""

    left: int
    top: int
    width: int
    height: int
    sure: float


class FaceFinder:
    """cascade: what looks."""

    def __init__(self, cascade: Cascade) -> None:
        self._cascade = cascade

    @classmethod
    def load(cls) -> FaceFinder:
        """With the packaged networks. Raises as `Cascade.load`."""
        return cls(Cascade.load())

    def find(self, pixels: Pixels) -> list[Face]:
        """RGB uint8 (h, w, 3) → its faces, the largest first; none in pictures below `LEAST_SIDE`."""
        shrink = min(1.0, math.sqrt(MOST_PIXELS / (pixels.shape[0] * pixels.shape[1])))
        if min(pixels.shape[:2]) * shrink < LEAST_SIDE:
            return []
        small = pixels
        if shrink < 1:
            small = np.asarray(cv2.resize(pixels, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA), np.uint8)
        boxes, scores = self._cascade.find(small)
        made = [_face(box / shrink, float(score), pixels) for box, score in zip(boxes, scores, strict=True)]
        inside = [face for face in made if face.width > 0 and face.height > 0]
        return sorted(inside, key=lambda face: (-face.width * face.height, face.top, face.left))


def _face(box: np.typing.NDArray[np.float32], score: float, pixels: Pixels) -> Face:
    height, width = pixels.shape[:2]
    left, right = (int(min(width, max(0, round(float(each))))) for each in box[[0, 2]])
    top, bottom = (int(min(height, max(0, round(float(each))))) for each in box[[1, 3]])
    return Face(left, top, right - left, bottom - top, round(score, 4))
