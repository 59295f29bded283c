"""Finds the lattice of tiles in what the extractor saw: a periodic mark looks like itself one tile further on.

The autocorrelation of the map has a peak at every whole number of tiles. A coarse search over size, angle and aspect
sums it over the nearest peaks; from there every peak's true place is taken, nearest first, and the lattice fitted to
all of them. Knows maps; does not know the tile.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.watermark.folding import Floats, Lattice

_STEP = 1.012  # between sizes
_Grid: TypeAlias = tuple[NDArray[np.float32], NDArray[np.float32]]
_ANGLES = np.deg2rad(np.arange(-45.0, 45.0, 0.75))
_ASPECTS = (0.88, 0.94, 1.0, 1.0 / 0.94, 1.0 / 0.88)
_NEAREST = ((1, 0), (0, 1), (1, 1), (1, -1), (2, 0), (0, 2))
_WINDOW = 2  # pixels around a predicted peak in which it is looked for
_AROUND = np.array([(y, x) for y in range(-_WINDOW, _WINDOW + 1) for x in range(-_WINDOW, _WINDOW + 1)])
_REACHES = (1.5, 2.3, 3.3, 5.0, 7.0)  # tiles, as the fit grows
_WHOLES = np.array([(i, j) for j in range(8) for i in range(-7, 8) if j > 0 or i > 0])


@dataclass(frozen=True, eq=False, slots=True)
class Found:
    """A lattice and the strength of its peaks, in standard deviations of the autocorrelation."""

    lattice: Lattice
    strength: float


def find(seen: Floats, sizes: tuple[float, float], count: int) -> list[Found]:
    """The `count` likeliest lattices of a map, the likeliest first; coarse duplicates left out.

    sizes: least and most pixels of a tile that are looked for.
    """
    likeness = _autocorrelation(seen)
    chosen: list[Found] = []
    for lattice in _coarse(likeness, _grid(*sizes), min(seen.shape), count):
        fitted, strength = _fitted(likeness, lattice)
        if all(_differ(fitted, other.lattice) for other in chosen):
            chosen.append(Found(fitted, strength))
    return sorted(chosen, key=lambda found: -found.strength)[:count]


def _autocorrelation(seen: Floats) -> Floats:
    """Whitened, zero shift in the centre, in standard deviations; as large as the map twice over."""
    height, width = (cv2.getOptimalDFTSize(int(1.6 * side)) for side in seen.shape)
    spectrum = np.fft.rfft2(seen - seen.mean(), s=(height, width))
    power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
    # A waves' peak is narrow and the picture's own spectrum is smooth: dividing by the surroundings leaves the peaks.
    power /= cv2.blur(power, (15, 15), borderType=cv2.BORDER_REFLECT) + 1e-9 * float(power.max()) + 1e-12
    likeness = np.fft.fftshift(np.fft.irfft2(np.minimum(power, 12.0), s=(height, width))).astype(np.float32)
    smooth = np.asarray(cv2.GaussianBlur(likeness, (0, 0), 0.7), dtype=np.float32)
    return np.asarray((smooth - np.median(smooth)) / (smooth.std() + 1e-12), dtype=np.float32)


@cache
def _grid(least: float, most: float) -> _Grid:
    """All coarse lattices, (n, 2, 2), and where their nearest peaks lie, (n, peaks, 2)."""
    sizes = least * _STEP ** np.arange(int(np.log(most / least) / np.log(_STEP)))
    size, angle, aspect = (part.ravel() for part in np.meshgrid(sizes, _ANGLES, _ASPECTS, indexing="ij"))
    keep = (np.abs(np.rad2deg(angle)) < 12) | (aspect == 1.0)
    size, angle, aspect = size[keep], angle[keep], np.sqrt(aspect[keep])
    cosine, sine = np.cos(angle), np.sin(angle)
    # Stretched along the picture's axes after turning, as an upload pipeline would.
    rows = [[aspect * cosine, -aspect * sine], [sine / aspect, cosine / aspect]]
    lattices = np.moveaxis(np.array(rows) * size, -1, 0).astype(np.float32)
    return lattices, np.einsum("nij,pj->npi", lattices, np.array(_NEAREST)).astype(np.float32)


def _coarse(likeness: Floats, grid: _Grid, reach: int, count: int) -> list[Lattice]:
    lattices, peaks = grid
    fits = np.abs(lattices).sum(axis=2).max(axis=1) < reach * 0.7
    if not fits.any():
        return []  # no tile of the least size fits in
    lattices, peaks = lattices[fits], peaks[fits]
    values = _at(likeness, peaks.reshape(-1, 2)).reshape(len(peaks), -1)
    # One strong peak by chance is no lattice: each counts up to a limit.
    sums = np.clip(values, -3, 25).sum(axis=1)
    found: list[Lattice] = []
    for _ in range(2 * count):
        best = int(sums.argmax())
        if sums[best] == -np.inf:
            break
        found.append(lattices[best].astype(np.float64))
        sums[np.linalg.norm((lattices - lattices[best]).reshape(-1, 4), axis=1) < 3.0] = -np.inf
    return found


def _at(likeness: Floats, points: NDArray[np.float32]) -> Floats:
    """Values at shifts (x, y), −0 outside; nearest pixel, for the map is smooth."""
    height, width = likeness.shape
    columns = np.rint(points[:, 0]).astype(np.int32) + width // 2
    rows = np.rint(points[:, 1]).astype(np.int32) + height // 2
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    return np.where(inside, likeness[rows * inside, columns * inside], 0.0).astype(np.float32)


def _fitted(likeness: Floats, lattice: Lattice) -> tuple[Lattice, float]:
    """The lattice fitted to where the peaks really are, and the mean height of the nearest ones."""
    for reach in _REACHES:
        wholes = _WHOLES[(_WHOLES**2).sum(axis=1) <= reach**2]
        places, heights = _peaks(likeness, wholes @ lattice.T)
        weights = np.clip(heights - 2.0, 0, None)
        if np.count_nonzero(weights) < 3:
            break
        moments = (wholes * weights[:, None]).T @ wholes
        if np.linalg.cond(moments) > 1e4:
            break
        lattice = ((places * weights[:, None]).T @ wholes) @ np.linalg.inv(moments)
    nearest = np.array(_NEAREST[:4])
    return lattice, float(np.clip(_peaks(likeness, nearest @ lattice.T)[1], 0, 25).mean())


def _peaks(likeness: Floats, points: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The highest place near each shift, to a fraction of a pixel, and its height; 0 outside the map."""
    height, width = likeness.shape
    columns = np.rint(points[:, 0]).astype(np.int64) + width // 2
    rows = np.rint(points[:, 1]).astype(np.int64) + height // 2
    margin = _WINDOW + 1
    inside = (rows >= margin) & (rows < height - margin) & (columns >= margin) & (columns < width - margin)
    rows, columns = np.where(inside, rows, margin), np.where(inside, columns, margin)
    windows = likeness[rows[:, None] + _AROUND[:, 0], columns[:, None] + _AROUND[:, 1]]
    highest = windows.argmax(axis=1)
    rows, columns = rows + _AROUND[highest, 0], columns + _AROUND[highest, 1]
    x = columns - width // 2 + _vertex(*(likeness[rows, columns + step] for step in (-1, 0, 1)))
    y = rows - height // 2 + _vertex(*(likeness[rows + step, columns] for step in (-1, 0, 1)))
    places = np.where(inside[:, None], np.column_stack([x, y]), points)
    return places, np.where(inside, likeness[rows, columns], 0.0).astype(np.float64)


def _vertex(before: Floats, at: Floats, after: Floats) -> NDArray[np.float64]:
    """Where parabolas through three neighbours peak, −0.5 to 0.5."""
    curve = np.minimum(before - 2 * at + after, -1e-6)
    return np.asarray(np.clip((before - after) / (2 * curve), -0.5, 0.5), dtype=np.float64)


def _differ(one: Lattice, other: Lattice) -> bool:
    return bool(np.abs(one - other).max() > 0.5)
