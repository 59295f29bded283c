"""The samples of a picture as 16 bits beside its 8-bit pixels: what the `samples` parser says, checked.

Knows the view of `core.parsers.deep`, and that its worker may lie. Does not know files.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.media import Deep, Frame, View
from core.sandbox.wire import malformed

_MOST = 65_535
_CHANNELS = {"grey": 1, "rgb": 3}
_ROWS = 256  # scaled at a time


def deepened(frame: Frame, view: View) -> Frame:
    """`frame` with the samples of `view` as its `deep`; as it was where they are no picture in grey or RGB.

    Samples below 0 or, of floats, outside 0 to 1 are measurements, not light: nobody knows what is white. Raises
    ParserFailed for samples that do not fit the frame.
    """
    samples, kind = view.arrays.get("samples"), view.facts.get("kind")
    if samples is None or kind not in _CHANNELS:
        return frame
    height, width = frame.pixels.shape[:2]
    if samples.shape != (height, width, _CHANNELS[kind]):
        raise malformed("samples that do not fit their picture")
    least, most = (_number(view.facts.get(name)) for name in ("minimum", "maximum"))
    if least != 0 or most <= 0 or not _is_light(samples, most):
        return frame
    alpha = view.arrays.get("alpha")
    if alpha is not None and (alpha.shape != (height, width) or frame.alpha is None):
        alpha = None
    deep = _scaled(samples, most)
    if view.facts.get("inverted") is True:
        deep = _MOST - deep
    return replace(frame, deep=deep, deep_alpha=None if alpha is None else _scaled(alpha, most))


def _is_light(samples: NDArray[Any], most: float) -> bool:
    """Whether all samples lie between black and white. Of unsigned integers the type alone may tell."""
    if samples.dtype.kind == "u" and most >= np.iinfo(samples.dtype).max:
        return True
    if samples.dtype.kind == "f" and (most != 1 or not np.isfinite(samples).all()):
        return False
    return bool(samples.min() >= 0 and samples.max() <= most)


def _scaled(samples: NDArray[Any], most: float) -> Deep:
    """`most` becomes 65535; rounded to nearest."""
    if samples.dtype == np.uint16 and most == _MOST:
        return samples
    made = np.empty(samples.shape, np.uint16)
    for top in range(0, len(samples), _ROWS):
        rows = slice(top, top + _ROWS)
        made[rows] = np.rint(np.clip(samples[rows], 0, most) * (_MOST / most))
    return made


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise malformed("samples without a range")
    return float(value)
