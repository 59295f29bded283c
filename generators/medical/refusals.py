"""Which medical pictures are not enhanced, and which answers of a method are not let out."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from core.dicom.facts import Dicom
from core.dicom.values import Values
from core.errors import InvalidInput, LimitExceeded
from generators.medical.consistency import Held

TOLERANCE = 0.5 + 1e-6
"""Stored values that a mean may be off: as much as writing whole numbers alone may cost."""
MOST_MOVED, MOST_DETAIL = 0.01, 0.5
"""Of the picture's range, and of its detail, on top of each other: a method whose answer has to be moved further, root
mean square, did not answer for this picture. Plain interpolation of pure noise is moved by 0.3 of its detail.
"""
MOST_PIXELS = 32_000_000
"""Of an output. Its mean, spread and differences are held whole, in double precision: some 80 bytes a pixel."""
MOST_SIDE = 65_535
"""Rows and Columns have 16 bits (PS3.3 C.7.6.3)."""


def check(found: Dicom, scale: int) -> None:
    """Raises InvalidInput for a picture that cannot be enhanced so that all its elements stay true, and LimitExceeded
    for an output that is too large.
    """
    height, width = (side * scale for side in found.stored.shape)
    if max(height, width) > MOST_SIDE or height * width > MOST_PIXELS:
        raise LimitExceeded(
            "the output of a medical picture would be too large",
            field="parameters.scale" if scale > 1 else "media",
            limit=f"{MOST_PIXELS} pixels, {MOST_SIDE} a side",
            found=f"{width}×{height}",
        )
    if not found.header.linear:
        raise InvalidInput(
            "the picture's values mean what a table says, and means of them nothing",
            field="media",
            limit="Rescale Slope and Intercept",
            found="Modality LUT Sequence",
        )
    if scale > 1 and found.header.counts_pixels:
        raise InvalidInput(
            "the picture has elements that give places in its pixels, which an enlargement would make wrong",
            field="media",
            limit="none of them",
            found=", ".join(found.header.counts_pixels),
        )


def detail(plane: NDArray[np.float32]) -> float:
    """Root mean square of what a picture has beyond the mean of every nine pixels, in its own units."""
    beyond = plane - cv2.blur(plane, (3, 3), borderType=cv2.BORDER_REPLICATE)
    return float(np.sqrt(np.mean(np.square(beyond, dtype=np.float64))))


def refuse_unfaithful(held: Held, most: float, values: Values) -> None:
    """most: that the answer may be moved, stored values."""
    step, unit = abs(values.slope), values.unit or "rescaled values"
    if held.after > TOLERANCE:
        raise InvalidInput(
            "what the model made, brought back to the input's size, is not the input",
            field="model",
            limit=f"off by at most {TOLERANCE * step:.3g} {unit}",
            found=f"off by {held.after * step:.3g} {unit}",
        )
    if held.moved > most:
        raise InvalidInput(
            "what the model made is not what was measured, and would have to be moved too far to be it",
            field="model",
            limit=f"moved by at most {most * step:.3g} {unit}, root mean square",
            found=f"moved by {held.moved * step:.3g} {unit}; means were off by up to {held.before * step:.3g}",
        )
