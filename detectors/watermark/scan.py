"""Finds the size of upright tiles by trying sizes, where too few tiles repeat for `lattice` to see them.

A small picture that was scaled after marking holds a handful of tiles. They do not show in an autocorrelation, but the
pilot, which is known, does at the right size. Knows maps and tiles; does not know pictures.
"""

from __future__ import annotations

import numpy as np

from detectors.watermark.folding import Floats, Lattice, fold, pilots

_STEP = 1.012  # between sizes: at half of it, the lower waves of a few tiles still lie on each other
_NEARBY = (0.994, 0.997, 1.0, 1.003, 1.006)


def scan(seen: Floats, sizes: tuple[float, float], beliefs: Floats) -> tuple[float, Lattice]:
    """The pilot's correlation and the lattice at the best size, width and height then adjusted one by one.

    sizes: least and most pixels of a tile that are tried.
    """
    tried = sizes[0] * _STEP ** np.arange(int(np.log(sizes[1] / sizes[0]) / np.log(_STEP)) + 1)
    best, lattice = _best(seen, [np.diag([size, size]) for size in tried.tolist()], beliefs)
    for axis in (0, 1):
        near = [lattice @ np.diag([each if axis == column else 1.0 for column in (0, 1)]) for each in _NEARBY]
        best, lattice = _best(seen, near, beliefs)
    return best, lattice


def _best(seen: Floats, lattices: list[Lattice], beliefs: Floats) -> tuple[float, Lattice]:
    found = pilots(np.stack([fold(seen, lattice) for lattice in lattices]), beliefs)
    at = int(found.argmax())
    return float(found[at]), lattices[at]
