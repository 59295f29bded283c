"""A first walk over a scene, window by window: what each band holds, and pieces of it to look at.

Memory is that of a window, whatever the scene's size. Nothing is changed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.media import Pixels
from generators.probing import corners
from generators.scenes import holes
from generators.scenes.conserving import Range
from generators.scenes.scene import Scene

_WINDOW = 512  # side, pixels
_SAMPLED = 1 << 20  # values of a band from which percentiles are taken
_LOW, _HIGH = 0.1, 99.9
_PIECE = 256  # as of `generators.probing`


@dataclass(frozen=True, slots=True)
class Moments:
    """Of valid values: how many, their mean and standard deviation, the least and the greatest."""

    count: int
    mean: float
    deviation: float
    least: float
    greatest: float


@dataclass(frozen=True, slots=True)
class Band:
    """What one band holds. low, high: its 0.1th and 99.9th percentiles, which methods see as 0 and 1."""

    moments: Moments
    low: float
    high: float

    def bounds(self, scene: Scene) -> Range:
        """What new values may be."""
        nodata = math.nan if scene.nodata is None else scene.nodata
        step = 0.0 if scene.samples.dtype.kind == "f" else 1.0
        return Range(self.moments.least, self.moments.greatest, nodata, step)

    def normalised(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Values as methods see them: most are within 0 and 1."""
        return ((values - np.float32(self.low)) / np.float32(self.high - self.low)).astype(np.float32)

    def restored(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """The inverse."""
        return (values * np.float32(self.high - self.low) + np.float32(self.low)).astype(np.float32)


class Sums:
    """Moments of values that come piece by piece. Deviations are taken from a first value, which keeps them small."""

    def __init__(self) -> None:
        self._count = 0
        self._origin: float | None = None
        self._sum = self._squares = 0.0
        self._least, self._greatest = math.inf, -math.inf

    def add(self, values: NDArray[Any]) -> None:
        """Counts values, (n,)."""
        if not values.size:
            return
        if self._origin is None:
            self._origin = float(values[0])
        away = values.astype(np.float64) - self._origin
        self._count += values.size
        self._sum += float(away.sum())
        self._squares += float(np.square(away).sum())
        self._least = min(self._least, float(values.min()))
        self._greatest = max(self._greatest, float(values.max()))

    @property
    def moments(self) -> Moments:
        """Of all that was counted; zeros where that was nothing."""
        if self._origin is None:
            return Moments(0, 0.0, 0.0, 0.0, 0.0)
        away = self._sum / self._count
        variance = max(self._squares / self._count - away**2, 0.0)
        return Moments(self._count, self._origin + away, math.sqrt(variance), self._least, self._greatest)


def windows(height: int, width: int) -> Iterator[tuple[slice, slice]]:
    """Disjoint windows that together are the scene."""
    for top, left in product(range(0, height, _WINDOW), range(0, width, _WINDOW)):
        yield slice(top, min(top + _WINDOW, height)), slice(left, min(left + _WINDOW, width))


def survey(scene: Scene, band: int) -> Band:
    """What a band holds. Raises InvalidInput for values that are no numbers and not said to be missing."""
    sums = Sums()
    for rows, columns in windows(*scene.shape):
        window, valid = scene.samples[band, rows, columns], holes.valid_in(scene, band, rows, columns)
        holes.refuse_unreal(scene, window, valid)
        sums.add(window[valid])
    low, high = _percentiles(scene, band)
    return Band(sums.moments, low, high)


def pieces(scene: Scene, group: tuple[int, ...], bands: dict[int, Band]) -> Pixels:
    """Up to 4×4 pieces of a group of bands side by side, as an 8-bit RGB picture: what there is to look at for whoever
    sets a method by the picture. `generators.probing` finds just these pieces in it again.
    """
    height, width = scene.shape
    places = list(corners(np.empty((height, width), np.uint8)))
    tops, lefts = (sorted({place[axis] for place in places}) for axis in (0, 1))
    rows = [
        np.hstack([_piece(scene, group, bands, slice(top, top + _PIECE), slice(left, left + _PIECE)) for left in lefts])
        for top in tops
    ]
    return np.vstack(rows)


def seen(
    scene: Scene, band: int, found: Band, rows: slice, columns: slice
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """A window of a band with its holes filled, in its own units, and where it is valid; both (h, w)."""
    valid = holes.valid_in(scene, band, rows, columns)
    stored = np.where(valid, scene.samples[band, rows, columns], 0).astype(np.float32)
    return holes.filled(stored, valid, found.moments.mean), valid


def _piece(scene: Scene, group: tuple[int, ...], bands: dict[int, Band], rows: slice, columns: slice) -> Pixels:
    layers = [bands[band].normalised(seen(scene, band, bands[band], rows, columns)[0]) for band in group]
    return holes.as_picture(np.dstack(layers if len(layers) == 3 else layers * 3))


def _percentiles(scene: Scene, band: int) -> tuple[float, float]:
    """Of an even grid of at most about a million valid values; one apart where all are the same."""
    height, width = scene.shape
    step = max(1, math.ceil(math.sqrt(height * width / _SAMPLED)))
    grid = slice(None, None, step)
    values = scene.samples[band, grid, grid][holes.valid_in(scene, band, grid, grid)]
    if not values.size:
        return 0.0, 1.0
    low, high = (float(each) for each in np.percentile(values.astype(np.float64), (_LOW, _HIGH)))
    return (low, high) if high > low else (low, low + 1.0)
