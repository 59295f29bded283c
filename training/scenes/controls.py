"""Pictures that tell a ControlNet where things shall stand: edges or boxes, white on black."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from training.scenes.scene import Box

Control: TypeAlias = Literal["edges", "boxes"]
_EDGES = (60, 160)  # Canny's thresholds, of 8-bit grey


def edges(picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Canny edges of RGB uint8 (h, w, 3), as a picture of the same shape."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    return np.repeat(cv2.Canny(grey, *_EDGES)[..., None], 3, axis=2).astype(np.uint8)


def outlines(boxes: Sequence[Box], side: int) -> npt.NDArray[np.uint8]:
    """The squares of a scene's things, one pixel wide: RGB uint8 (side, side, 3)."""
    canvas = np.zeros((side, side, 3), np.uint8)
    for box in boxes:
        corners = [round(edge * side) for edge in (box.left, box.top, box.left + box.side, box.top + box.side)]
        left, top, right, bottom = (min(corner, side - 1) for corner in corners)
        cv2.rectangle(canvas, (left, top), (right, bottom), (255, 255, 255), 1)
    return canvas
