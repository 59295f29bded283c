"""Finds the codes that differ least from another: FAISS, exact for lists of ordinary length and by cells for long ones.

FAISS comes with the extra `near`. Knows codes; it does not know what they are of.
"""

from __future__ import annotations

from importlib.util import find_spec
from math import sqrt
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.errors import ConfigurationError
from core.media import Pixels

EXACT = 200_000
"""Codes up to which all are read, so that nothing is missed."""
PROBES = 32
"""Cells of a long list that are read."""
_TAUGHT_BY = 30  # codes a cell: fewer and FAISS warns
_ROUNDS = 4
NEEDS = "near duplicates are looked up with FAISS: pip install 'countersign[near]'"


class Index(Protocol):
    """What finds rows."""

    def nearest(self, asked: Pixels, count: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """asked: uint8 (q, bytes). Bits that differ, and rows, (q, count), the nearest first; row -1 where there are no
        more.
        """
        ...


class FaissIndex:
    """Over codes, uint8 (n, bytes). Made the same whenever it is made of the same codes."""

    def __init__(self, codes: Pixels, exact: int = EXACT) -> None:
        """exact: codes up to which all are read. Raises ConfigurationError where FAISS is not installed."""
        if find_spec("faiss") is None:
            raise ConfigurationError(NEEDS)
        import faiss

        faiss.omp_set_num_threads(1)  # as the engine wants it of detectors
        count, size = codes.shape
        self._flat = faiss.IndexBinaryFlat(8 * size)
        self._index = self._flat
        if count > exact:
            self._index = faiss.IndexBinaryIVF(self._flat, 8 * size, cells_of(count))
            self._index.nprobe = PROBES
            self._index.cp.niter = _ROUNDS
            taught = np.random.default_rng(0).choice(count, min(count, _TAUGHT_BY * cells_of(count)), replace=False)
            self._index.train(np.ascontiguousarray(codes[np.sort(taught)]))
        self._index.add(np.ascontiguousarray(codes))

    def nearest(self, asked: Pixels, count: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """See `Index`."""
        far, rows = self._index.search(np.ascontiguousarray(asked), count)
        return far, rows


def cells_of(count: int) -> int:
    """Cells that so many codes are sorted into: few, since they are learned anew whenever a list is loaded."""
    return max(1, round(sqrt(count) / 2))
