"""From what the extractor saw to soft bits: folding the tiles onto each other, and finding where a tile begins.

A lattice is a 2×2 matrix whose columns are a tile's sides in pixels, (x, y). The tile repeats, so a square lattice has
eight equal readings: four turns by 90°, mirrored or not. All are tried; the pilot tells which is right. Knows maps and
tiles; does not know pictures or words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from core.watermark import tile

Floats: TypeAlias = NDArray[np.float32]
Lattice: TypeAlias = NDArray[np.float64]

SIDE = 32  # pixels a folded tile
_GRID = 64  # shifts a side that are tried before the last refinement
_SYMMETRIES = 8
_PILOT = tile.pilot_waves()
_FINE = np.linspace(-1, 1, 9) / _GRID  # tiles, around the best of the grid


@dataclass(frozen=True, eq=False, slots=True)
class Reading:
    """One way to read a folded tile. waves: (n,), upright and in place. pilot: correlation with the pilot, 0 to 1."""

    waves: tile.Waves
    pilot: float
    symmetry: int


def fold(seen: Floats, lattice: Lattice | None = None) -> Floats:
    """The sum of all tiles of a map, (32, 32); None where tiles are upright and 32 pixels already."""
    flat = seen if lattice is None else _straightened(seen, lattice)
    height, width = (-(-side // SIDE) * SIDE for side in flat.shape)
    whole = np.zeros((height, width), dtype=np.float32)
    whole[: flat.shape[0], : flat.shape[1]] = flat
    folded: Floats = whole.reshape(height // SIDE, SIDE, width // SIDE, SIDE).sum(axis=(0, 2))
    return folded


def readings(folded: Floats, beliefs: Floats, count: int) -> list[Reading]:
    """The `count` best readings of a folded tile, the best first."""
    turned = np.stack([_symmetric(folded, symmetry) for symmetry in range(_SYMMETRIES)])
    waves = tile.read_tile(turned) * beliefs
    spectrum = np.zeros((_SYMMETRIES, _GRID, _GRID), dtype=np.complex64)
    spectrum[:, tile.PERIODS[:, 0] % _GRID, tile.PERIODS[:, 1] % _GRID] = waves.conj() * _PILOT
    matches = np.fft.ifft2(spectrum).real
    found = []
    for _ in range(count):
        symmetry, down, right = np.unravel_index(int(matches.argmax()), matches.shape)
        found.append(_refined(waves[symmetry], np.array([down, right]) / _GRID, int(symmetry)))
        rows, columns = (np.arange(at - 3, at + 4) % _GRID for at in (down, right))
        matches[symmetry, rows[:, None], columns] = -np.inf
    return sorted(found, key=lambda reading: -reading.pilot)


def pilots(folded: Floats, beliefs: Floats) -> Floats:
    """(n, 32, 32) folded tiles, upright, to (n,): the best correlation with the pilot at any shift."""
    waves = (tile.read_tile(folded) * beliefs)[:, tile.PILOT]
    rows, columns = tile.PERIODS[tile.PILOT].T
    spectrum = np.zeros((len(folded), _GRID, _GRID), dtype=np.complex64)
    spectrum[:, rows % _GRID, columns % _GRID] = waves.conj() * _PILOT[tile.PILOT]
    matches = np.fft.ifft2(spectrum).real.max(axis=(1, 2)) * _GRID**2
    best: Floats = matches / (np.linalg.norm(waves, axis=1) * np.linalg.norm(_PILOT) + 1e-12)
    return best


def _straightened(seen: Floats, lattice: Lattice) -> Floats:
    """The map with its tiles upright and 32 pixels, zero outside."""
    height, width = seen.shape
    back = lattice / SIDE
    corners = np.array([[-width, width, width, -width], [-height, -height, height, height]]) / 2
    reach = np.abs(np.linalg.inv(back) @ corners).max(axis=1)
    size = np.ceil(2 * reach).astype(int)
    offset = np.array([(width - 1) / 2, (height - 1) / 2]) - back @ ((size - 1) / 2)
    matrix = np.column_stack([back, offset])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(seen, matrix, (int(size[0]), int(size[1])), flags=flags), dtype=np.float32)


def _symmetric(folded: Floats, symmetry: int) -> Floats:
    turned = np.rot90(folded, symmetry % 4)
    return turned[:, ::-1] if symmetry >= 4 else turned


def _refined(waves: tile.Waves, shift: NDArray[np.float64], symmetry: int) -> Reading:
    """The best place within a step of the grid around `shift`, which is in tiles."""
    down, right = (np.exp(-2j * np.pi * np.outer(shift[axis] + _FINE, tile.PERIODS[:, axis])) for axis in (0, 1))
    pilot = (waves * _PILOT.conj())[tile.PILOT]
    matches = ((down[:, tile.PILOT] * pilot) @ right[:, tile.PILOT].T).real
    row, column = np.unravel_index(int(matches.argmax()), matches.shape)
    moved = (waves * down[row] * right[column]).astype(np.complex64)
    norm = float(np.linalg.norm(waves[tile.PILOT]) * np.linalg.norm(_PILOT))
    return Reading(moved, float(matches[row, column]) / max(norm, 1e-12), symmetry)
