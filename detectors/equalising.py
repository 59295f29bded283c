"""Makes faint texture as loud as strong texture: what is left of a picture without its outlines, by its local level.

Sky, walls and blur have noise, and nothing else in which one place would differ from another. Knows no detector.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
_MOST = 3.0  # local levels; edges would outvote everything else
_CONTRAST = 32.0  # grey levels a local level
CONSTANTS = (_MOST, _CONTRAST)
"""What decides beside an `Equaliser`, for a version."""


@dataclass(frozen=True, slots=True)
class Equaliser:
    """sigma: pixels; what is smoother is left out. wide: pixels, of the neighbourhood that sets the level. floor: least
    level, grey levels: what rounding leaves is not made loud. loudest: level from which on nothing is left.
    """

    sigma: float
    wide: float
    floor: float
    loudest: float = math.inf

    def __call__(self, grey: Floats) -> Floats:
        """Of a grey picture, float32 (h, w) 0–255: the residual in units of its local level, −3 to 3."""
        residual = grey - cv2.GaussianBlur(grey, (0, 0), self.sigma)
        level = np.sqrt(cv2.GaussianBlur(residual * residual, (0, 0), self.wide))
        even = np.clip(residual / np.maximum(level, self.floor), -_MOST, _MOST)
        return np.asarray(np.where(level < self.loudest, even, 0.0), dtype=np.float32)

    def picture(self, grey: Floats) -> NDArray[np.uint8]:
        """The same as a grey picture, uint8 (h, w), for what looks for keypoints."""
        return np.asarray(np.clip(128.0 + _CONTRAST * self(grey), 0, 255), dtype=np.uint8)
