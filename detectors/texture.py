"""Whether a picture has anything in it that could carry a trace. Knows no detector."""

from __future__ import annotations

import cv2
import numpy as np

from core.media import Pixels

TOO_PLAIN = "picture.too_plain"
"""The code of an abstention on a picture without texture."""
LEAST = 0.01
"""Share of textured pixels below which a picture is too plain: drawings of two tones and gradients, no photograph."""
_VISIBLE = 2  # grey levels of a second difference; steps of a quantised gradient stay below


def texture(pixels: Pixels) -> float:
    """The share, 0 to 1, of pixels of an RGB picture (h, w, 3) that do not lie between their neighbours, along rows or
    columns, whichever are fewer; 0 below three pixels a side.
    """
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.int16)
    if min(grey.shape) < 3:
        return 0.0
    along, across = (np.abs(np.diff(each, 2, axis=1)) > _VISIBLE for each in (grey, grey.T))
    return float(min(along.mean(), across.mean()))


def contrast(pixels: Pixels) -> float:
    """The deviation of the pixels of an RGB picture (h, w, 3), grey levels, of the colour that has most of it."""
    return float(cv2.meanStdDev(pixels)[1].max())
