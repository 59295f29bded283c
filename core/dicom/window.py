"""Stored values as the picture that people look at: 8 bits, through the file's own window where that shows something.

A file chooses its window, so one meant to deceive could choose a window that shows nothing. Where less than a tenth of
the picture lies inside it, the range of the values themselves takes its place.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.dicom.values import Values
from core.media import Pixels

_LEAST_SHOWN = 0.1
"""Of the measured values that a window has to show as neither black nor white."""
_ENDS = (0.5, 99.5)
"""Percentiles that become black and white without a window; not the extremes, which one odd value would decide."""
_LOOKED_AT = 1 << 20
"""Values at most that are looked at to find the range."""
_ROWS = 256


def grey(stored: NDArray[Any], values: Values) -> Pixels:
    """Stored values (h, w) as RGB uint8 (h, w, 3), rounded. Padding is black."""
    low, high = ends(stored, values)
    made = np.empty((*stored.shape, 3), np.uint8)
    for top in range(0, stored.shape[0], _ROWS):
        rows = slice(top, top + _ROWS)
        scaled = (stored[rows].astype(np.float32) * values.slope + values.intercept - low) / (high - low)
        shown = np.rint(np.clip(scaled, 0.0, 1.0) * 255.0).astype(np.uint8)
        if values.inverted:
            shown = np.uint8(255) - shown
        shown[~values.measured(stored[rows])] = 0
        made[rows] = shown[..., np.newaxis]
    return made


def ends(stored: NDArray[Any], values: Values) -> tuple[float, float]:
    """The rescaled values that become black and white; the first is less."""
    step = max(1, int(np.sqrt(stored.size / _LOOKED_AT)))
    looked = stored[::step, ::step]
    found = looked[values.measured(looked)].astype(np.float64) * values.slope + values.intercept
    if not found.size:
        return 0.0, 1.0
    if values.window is not None:
        low, high = _linear(*values.window)
        if np.mean((found > low) & (found < high)) >= _LEAST_SHOWN:
            return low, high
    low, high = (float(end) for end in np.percentile(found, _ENDS))
    return (low, high) if high > low else (low - 0.5, low + 0.5)


def _linear(centre: float, width: float) -> tuple[float, float]:
    """The ends of the linear function of PS3.3 C.11.2.1.2.1. The other functions have nearly the same."""
    half = max(width - 1.0, 1e-3) / 2.0
    return centre - 0.5 - half, centre - 0.5 + half
