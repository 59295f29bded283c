"""What an enhancement may not change in measured values: the mean of what each old pixel saw, and the range.

An old pixel saw the mean of the new ones on its ground. So a finer scene, averaged back, has to be the old one: for
integers to the last bit, for floats to rounding. Detail is kept as far as this allows. Iterative back-projection
(M. Irani, S. Peleg, CVGIP 1991) brings the values near it smoothly, and a projection onto it does the rest.

Nothing leaves the range that the band had, and nothing becomes the value that stands for nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

ROUNDS = 3
REACH = 2 * ROUNDS + 2
"""How far back-projection looks, old pixels: two for each round of bicubic interpolation."""
SMOOTH_REACH = 24
_SMOOTH_SIGMA = 8.0


@dataclass(frozen=True, slots=True)
class Range:
    """What a band's values may be. nodata: what they may not be, NaN for nothing that numbers can be.

    step: how far off nodata they have to stay: 1 for whole numbers, 0 for floats, which only differ.
    """

    low: float
    high: float
    nodata: float = math.nan
    step: float = 1.0


def averaged_back(values: NDArray[Any], factor: int) -> NDArray[np.float64]:
    """(h·factor, w·factor) → (h, w), the mean of each block."""
    height, width = (side // factor for side in values.shape)
    blocks: NDArray[np.float64] = values.reshape(height, factor, width, factor).mean(axis=(1, 3), dtype=np.float64)
    return blocks


def conserved(
    made: NDArray[np.float32], old: NDArray[Any], known: NDArray[np.float32], factor: int, bounds: Range
) -> NDArray[Any]:
    """`made` (h·factor, w·factor) as values of the type of `old`, whose blocks have the means of `old` (h, w).

    known: `old` with its holes filled; what lies in holes comes out as anything.
    """
    values = made.astype(np.float64)
    for _ in range(ROUNDS):
        missing = (known - averaged_back(values, factor)).astype(np.float32)
        size = (missing.shape[1] * factor, missing.shape[0] * factor)
        values += cv2.resize(missing, size, interpolation=cv2.INTER_CUBIC)
    blocks = _projected(_blocks(values, factor), known.astype(np.float64), bounds)
    if old.dtype.kind == "f":
        return _apart(_joined(blocks, factor).astype(old.dtype), bounds)
    return _joined(_whole(blocks, np.rint(known).astype(np.int64)), factor).astype(old.dtype)


def kept_level(
    made: NDArray[np.float32], old: NDArray[Any], known: NDArray[np.float32], valid: NDArray[np.bool_], bounds: Range
) -> NDArray[Any]:
    """`made`, of the size of `old`, with the slow changes of `old` put back: means stay as they are everywhere.

    What is put back is the difference, blurred over `SMOOTH_REACH` pixels: of noise, hardly anything.
    """
    size = (2 * SMOOTH_REACH + 1, 2 * SMOOTH_REACH + 1)
    weight = valid.astype(np.float32)
    near = cv2.GaussianBlur(weight, size, _SMOOTH_SIGMA)
    lost = cv2.GaussianBlur((known - made) * weight, size, _SMOOTH_SIGMA)
    values = made.astype(np.float64) + np.divide(lost, near, out=np.zeros_like(lost), where=near > 1e-6)
    values = np.clip(values, bounds.low, bounds.high)
    if old.dtype.kind == "f":
        return _apart(values.astype(old.dtype), bounds)
    return _apart_whole(np.rint(values), bounds).astype(old.dtype)


def _blocks(values: NDArray[np.float64], factor: int) -> NDArray[np.float64]:
    """(h, w, factor²): the new values on each old pixel."""
    height, width = (side // factor for side in values.shape)
    cut = values.reshape(height, factor, width, factor).transpose(0, 2, 1, 3)
    return cut.reshape(height, width, factor * factor)


def _joined(blocks: NDArray[Any], factor: int) -> NDArray[Any]:
    height, width = blocks.shape[:2]
    cut = blocks.reshape(height, width, factor, factor).transpose(0, 2, 1, 3)
    return cut.reshape(height * factor, width * factor)


def _projected(blocks: NDArray[np.float64], mean: NDArray[np.float64], bounds: Range) -> NDArray[np.float64]:
    """Blocks of exactly these means within the bounds: their detail is scaled down where it would leave them.

    The bounds lie on the mean's own side of nodata, so no block crosses it.
    """
    detail = blocks - blocks.mean(axis=2, keepdims=True)
    low, high = _sides(mean, bounds)
    over, under = detail.max(axis=2), -detail.min(axis=2)
    room_up, room_down = np.maximum(high - mean, 0), np.maximum(mean - low, 0)
    share = np.minimum(_share(room_up, over), _share(room_down, under))
    projected: NDArray[np.float64] = mean[..., None] + share[..., None] * detail
    return projected


def _share(room: NDArray[np.float64], wanted: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.divide(room, wanted, out=np.ones_like(room), where=wanted > room)


def _sides(mean: NDArray[np.float64], bounds: Range) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The least and the greatest value that a block of this mean may have; whole numbers for whole bounds."""
    low, high = np.full(mean.shape, bounds.low), np.full(mean.shape, bounds.high)
    if math.isnan(bounds.nodata):
        return low, high
    above, below = mean > bounds.nodata, mean < bounds.nodata
    low[above] = np.maximum(low[above], bounds.nodata + bounds.step)
    high[below] = np.minimum(high[below], bounds.nodata - bounds.step)
    return np.minimum(low, mean), np.maximum(high, mean)


def _whole(blocks: NDArray[np.float64], mean: NDArray[np.int64]) -> NDArray[np.int64]:
    """Whole numbers whose blocks sum up exactly: what rounding down loses goes to those that lost most.

    Largest remainders (A. Hamilton's method). Rounding up leaves no bounds, which are whole numbers themselves.
    """
    down = np.floor(blocks + 1e-9)
    missing = mean * blocks.shape[2] - down.sum(axis=2).astype(np.int64)
    order = np.argsort(np.argsort(-(blocks - down), axis=2, kind="stable"), axis=2, kind="stable")
    rounded: NDArray[np.int64] = down.astype(np.int64) + (order < missing[..., None])
    return rounded


def _apart_whole(values: NDArray[np.float64], bounds: Range) -> NDArray[np.float64]:
    """Whole numbers off nodata, by one step to where there is room."""
    if math.isnan(bounds.nodata):
        return values
    step = 1.0 if bounds.nodata < bounds.high else -1.0
    return np.where(values == bounds.nodata, values + step, values)


def _apart(values: NDArray[Any], bounds: Range) -> NDArray[Any]:
    """Floats off nodata, by the least step there is."""
    if math.isnan(bounds.nodata):
        return values
    nodata = values.dtype.type(bounds.nodata)
    toward = values.dtype.type(np.inf if bounds.nodata < bounds.high else -np.inf)
    return np.where(values == nodata, np.nextafter(nodata, toward), values)
