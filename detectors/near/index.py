"""Finds the codes that differ least from another: FAISS, every code read.

An index that reads a part of a list loses copies: the code of a hard one differs from the listed one in more than four
bits of ten, and a stranger's in five (`tests/bench/near.py`). FAISS comes with the extra `near`. Knows codes; it does
not know what they are of.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.errors import ConfigurationError
from core.media import Pixels

NEEDS = "near duplicates are looked up with FAISS: pip install 'countersign[near]'"


class Index(Protocol):
    """What finds rows."""

    def nearest(self, asked: Pixels, count: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """asked: uint8 (q, bytes). Bits that differ, and rows, (q, count), the nearest first; row -1 where there are no
        more.
        """
        ...


class FaissIndex:
    """Over codes, uint8 (n, bytes). Raises ConfigurationError where FAISS is not installed."""

    def __init__(self, codes: Pixels) -> None:
        if find_spec("faiss") is None:
            raise ConfigurationError(NEEDS)
        import faiss

        self._faiss = faiss
        self._index = faiss.IndexBinaryFlat(8 * codes.shape[1])
        self._index.add(np.ascontiguousarray(codes))

    def nearest(self, asked: Pixels, count: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """See `Index`."""
        self._faiss.omp_set_num_threads(1)  # as the engine wants it of detectors; holds for the thread that calls
        far, rows = self._index.search(np.ascontiguousarray(asked), count)
        return far, rows
