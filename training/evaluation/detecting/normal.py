"""One size and one encoding for every picture, so that neither tells the classes apart.

In sets that were gathered, generated pictures are often PNG with sides of 512 or 1024, and photographs large JPEG: the
most common fraud with figures of detectors is not to have brought them to one form. Source: Grommelt et al. (2024),
"Fake or JPEG? Revealing common biases in generated image detection datasets".
"""

from __future__ import annotations

import cv2
import numpy as np

from core.media import Pixels
from training.evaluation.detecting.deliveries import file_of

LONGEST, SIDE, QUALITY = 512, 320, 90
"""Pixels of the longer side after the reduction, of the square that is kept, and the quality of its JPEG."""
_LEAST_REDUCTION = 0.75


def normal(pixels: Pixels) -> bytes:
    """RGB uint8 (h, w, 3) as a JPEG of 320×320 without metadata: the middle of the reduced picture.

    Every picture is reduced by a quarter or more, to a longer side of 512 or less, so that none keeps the grid that it
    was made on; pictures too small or too narrow for that are scaled until the square fits.
    """
    return file_of(window(pixels, cv2.INTER_AREA), "JPEG", QUALITY)


def window(pixels: Pixels, reducing: int) -> Pixels:
    """The square that `normal` keeps, uint8 (320, 320) or (320, 320, 3), before it is coded.

    reducing: OpenCV's interpolation where it gets smaller.
    """
    height, width = pixels.shape[:2]
    factor = max(min(LONGEST / max(height, width), _LEAST_REDUCTION), SIDE / min(height, width))
    size = (max(SIDE, round(width * factor)), max(SIDE, round(height * factor)))
    scaled = cv2.resize(pixels, size, interpolation=reducing if factor < 1 else cv2.INTER_CUBIC)
    top, left = (size[1] - SIDE) // 2, (size[0] - SIDE) // 2
    return np.ascontiguousarray(scaled[top : top + SIDE, left : left + SIDE], dtype=np.uint8)
