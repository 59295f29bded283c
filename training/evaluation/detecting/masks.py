"""How well a map of where agrees with where it is. Knows maps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

MARKED = 0.5
"""A map marks a pixel from this value on. It is not chosen for each picture: nobody knows the truth who uses one."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """Of the marked pixels with the true ones. everything: F1 of a map that marks the whole picture. drawn: whether
    there was a map at all.
    """

    f1: float
    iou: float
    everything: float
    drawn: bool


def overlap(heat: NDArray[np.floating[Any]] | None, mask: NDArray[np.bool_]) -> Overlap:
    """Of a map (h, w) of any size, 0 to 1, with a mask (h, w), which marks one pixel or more. No map marks nothing."""
    true = int(mask.sum())
    everything = 2 * true / (true + mask.size)
    if heat is None:
        return Overlap(0.0, 0.0, everything, drawn=False)
    height, width = mask.shape
    whole = cv2.resize(np.nan_to_num(np.asarray(heat, np.float32)), (width, height), interpolation=cv2.INTER_LINEAR)
    marked = whole >= MARKED
    both = int((marked & mask).sum())
    either = int(marked.sum()) + true - both
    return Overlap(2 * both / (either + both), both / either, everything, drawn=True)
