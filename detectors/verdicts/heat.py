"""A detector's map of where, as evidence. Knows no detector."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.media import Pixels
from detectors.base import Evidence

CAPTION = "Where it was seen: the lighter, the more"
CONFIDENT = "Where it was seen: from blue, not at all, to red; grey where the map is not to be trusted"
_LONGEST = 2048  # pixels of a picture for eyes
_STEPS = 15  # grey levels between black and white: smooth maps in all levels would be megabytes of PNG


def heatmap(
    heat: NDArray[np.floating[Any]],
    confidence: NDArray[np.floating[Any]] | None,
    size: tuple[int, int],
    caption: str = "",
) -> Evidence:
    """The map as a PNG of `size` (width, height); with a confidence of at most `_LONGEST` pixels a side.

    heat, confidence: (h, w) of any size, 0 to 1; what is not finite counts as 0. Without a confidence it is a "mask",
    grey; with one a "picture", coloured, whose colour fades to grey as the confidence goes to 0.
    """
    if confidence is None:
        return Evidence("mask", "image/png", _png(_stretched(heat, size)), caption or CAPTION)
    shrink = min(1.0, _LONGEST / max(size))
    size = max(1, round(size[0] * shrink)), max(1, round(size[1] * shrink))
    levels = _stretched(heat, size)
    coloured = cv2.applyColorMap(levels, cv2.COLORMAP_TURBO).astype(np.float32)
    grey = np.repeat(levels[..., None] // 2 + 64, 3, axis=2).astype(np.float32)
    trust = _stretched(confidence, size)[..., None].astype(np.float32) / 255
    mixed = np.rint(coloured * trust + grey * (1 - trust)).astype(np.uint8)
    return Evidence("picture", "image/png", _png(mixed), caption or CONFIDENT)


def _stretched(values: NDArray[np.floating[Any]], size: tuple[int, int]) -> Pixels:
    """uint8 of that size, in `_STEPS` steps."""
    known = np.clip(np.nan_to_num(np.asarray(values, np.float32), nan=0.0, posinf=0.0, neginf=0.0), 0.0, 1.0)
    # In bytes, since the picture may have a hundred million pixels.
    whole = cv2.resize(np.rint(known * 255).astype(np.uint8), size, interpolation=cv2.INTER_LINEAR)
    steps = np.rint(np.arange(256) / 255 * _STEPS) * (255 // _STEPS)
    return np.asarray(cv2.LUT(whole, steps.astype(np.uint8)), np.uint8)


def _png(picture: Pixels) -> bytes:
    _, png = cv2.imencode(".png", picture)
    return png.tobytes()
