"""What was made, held to what was measured: the mean over every cell of the picture has to stay what it was.

A cell of an enlargement is what one pixel of the source became; of a picture of equal size, a square of 8 pixels, so
that a region's mean, which is what people measure, stays what the scanner measured. This is iterative back-projection
(M. Irani, S. Peleg, "Improving resolution by image registration", CVGIP 1991) with a last step that is exact within the
range of values that can be stored. The module knows numbers alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Plane: TypeAlias = NDArray[np.float64]
Mask: TypeAlias = NDArray[np.bool_]
CELL = 8
"""Side of a cell of a picture of equal size, pixels."""
_ROUNDS = 8
"""Smooth steps before the exact one; each leaves less than two thirds of what is wrong."""


@dataclass(frozen=True, slots=True)
class Held:
    """How far the means of a method's answer were off, before and after, most of all cells; and how far its values were
    moved, root mean square. In the values' own units.
    """

    before: float
    after: float
    moved: float


@dataclass(frozen=True, eq=False, slots=True)
class Cells:
    """The cells of a plane (h, w), squares of `side`; those at the right and bottom edges may be smaller.

    measured: (h, w), which pixels count; cells without any are left alone.
    """

    side: int
    measured: Mask

    def means(self, plane: NDArray[Any]) -> Plane:
        """The mean over the measured pixels of each cell; 0 where there are none."""
        sums, counts = self._sums(np.where(self.measured, plane, 0.0)), self._sums(self.measured.astype(np.float64))
        return np.divide(sums, counts, out=np.zeros_like(sums), where=counts > 0)

    def used(self) -> Mask:
        """Which cells have measured pixels."""
        return self._sums(self.measured.astype(np.float64)) > 0

    def flat(self, cells: NDArray[Any]) -> NDArray[Any]:
        """Every pixel with its cell's value."""
        height, width = self.measured.shape
        return np.repeat(np.repeat(cells, self.side, axis=0), self.side, axis=1)[:height, :width]

    def smooth(self, cells: Plane) -> Plane:
        """The cells' values blended into each other (bilinear)."""
        height, width = self.measured.shape
        rows, columns = cells.shape
        size = (columns * self.side, rows * self.side)
        blended: Plane = np.asarray(cv2.resize(cells, size, interpolation=cv2.INTER_LINEAR), np.float64)
        return blended[:height, :width]

    def _sums(self, plane: Plane) -> Plane:
        height, width = plane.shape
        whole = np.pad(plane, ((0, -height % self.side), (0, -width % self.side)))
        rows, columns = whole.shape[0] // self.side, whole.shape[1] // self.side
        sums: Plane = whole.reshape(rows, self.side, columns, self.side).sum(axis=(1, 3))
        return sums


def project(answer: Plane, near: Plane, cells: Cells, wanted: Plane, ends: tuple[float, float]) -> tuple[Plane, Held]:
    """The picture nearest to `near` that has the means that are `wanted`, in whole numbers within `ends`.

    answer: (h, w), what a method made; near: what was kept of that. wanted: one a cell, within the ends; those of
    unused cells do not count. What it took is told from the answer.
    """
    low, high = ends
    used, moved = cells.used(), near
    for _ in range(_ROUNDS):
        wrong = np.where(used, wanted - cells.means(moved), 0.0)
        moved = np.clip(moved + cells.smooth(wrong), low, high)
    exact = np.clip(_exact(moved, cells, wanted, low, high), low, high)
    whole = np.rint(exact)
    change = (exact - answer)[cells.measured]
    size = float(np.sqrt(np.mean(np.square(change)))) if change.size else 0.0
    return whole, Held(_off(answer, cells, wanted, used), _off(whole, cells, wanted, used), size)


def _exact(plane: Plane, cells: Cells, wanted: Plane, low: float, high: float) -> Plane:
    """Each cell drawn towards one end of the range until its mean is right: nothing leaves the range by that."""
    found = cells.means(plane)
    up = wanted > found
    # Mean m becomes w: y → end + (y − end) · (w − end) / (m − end), which leaves the end itself where it is.
    end = np.where(up, high, low)
    room = found - end
    factor = np.divide(wanted - end, room, out=np.ones_like(room), where=room != 0)
    far, pull = cells.flat(end), cells.flat(factor)
    drawn: Plane = far + (plane - far) * pull
    return drawn


def _off(plane: Plane, cells: Cells, wanted: Plane, used: Mask) -> float:
    """The most that any used cell's mean is off."""
    return float(np.abs(wanted - cells.means(plane))[used].max(initial=0.0))
