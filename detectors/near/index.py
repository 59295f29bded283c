"""Finds the codes that are most like a picture: FAISS, in three looks, of which only the first reads the whole list.

A code is signs of numbers, and a picture that is asked about still has its numbers: a sign that is nearly none tells
less than another (asymmetric distances: Gordo and Perronnin, CVPR 2011). 1. The numbers against the first 896 bits of
every code, four bits to a table (FAISS's fast scan), leave 4,096 rows. 2. Whole codes against the picture's own, bit by
bit, leave 128. 3. The numbers against whole codes put these in order. Sixteen that were found so hold as many copies as
the sixteen whose whole codes differ least, for a fifth of the memory that is read (docs/known-content.md).

An index of cells loses copies: the code of a hard one differs from the listed one in more than four bits of ten, and a
stranger's in five. A picture that is listed itself is first in every look, for no code is nearer than its signs. FAISS
comes with the extra `near`. Knows codes; it does not know what they are of.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from core.errors import ConfigurationError
from core.media import Pixels
from detectors.near.keypoints import Floats

NEEDS = "near duplicates are looked up with FAISS: pip install 'countersign[near]'"
PART, WORTH, CLOSE = 112, 4096, 128
"""Bytes of every code that the first look reads, and rows that the first and the second leave."""
_NIBBLE = 4


class Index(Protocol):
    """What finds rows."""

    def nearest(self, asked: Floats, count: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """asked: float32 (q, bits), of which codes would keep the signs. Bits that differ, and rows, (q, count), the
        most alike first; row -1 where there are no more.
        """
        ...


class FaissIndex:
    """Over codes, uint8 (n, bytes), which it keeps and does not copy. Made in half a second a million."""

    def __init__(self, codes: Pixels, worth: int = WORTH) -> None:
        """worth: rows that the first look leaves; a list of no more is not looked at in part.

        Raises ConfigurationError where FAISS is not installed.
        """
        if find_spec("faiss") is None:
            raise ConfigurationError(NEEDS)
        import faiss

        self._faiss = faiss
        self._codes = np.ascontiguousarray(codes)
        self._worth = worth
        self._part = min(PART, codes.shape[1])
        self._first = _scanner(faiss, self._codes[:, : self._part]) if len(codes) > worth else None

    def nearest(self, asked: Floats, count: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """See `Index`."""
        self._faiss.omp_set_num_threads(1)  # as the engine wants it of detectors; holds for the thread that calls
        far = np.full((len(asked), count), np.iinfo(np.int32).max, np.int32)
        found = np.full((len(asked), count), -1, np.int64)
        for at, (numbers, rows) in enumerate(zip(asked, self._worth_a_look(asked), strict=True)):
            bits, best = self._close(numbers, rows, count)
            far[at, : len(best)], found[at, : len(best)] = bits, best
        return far, found

    def _worth_a_look(self, asked: Floats) -> list[NDArray[np.int64] | None]:
        """Rows in order, by the first look; None for all of them."""
        if self._first is None:
            return [None] * len(asked)
        part = _by_nibbles(asked[:, : 8 * self._part])
        _, rows = self._first.search(part, self._worth)
        return list(np.sort(rows, axis=1))  # in order, codes are read faster, and of equal ones the first row is taken

    def _close(
        self, numbers: Floats, rows: NDArray[np.int64] | None, count: int
    ) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Bits that differ and rows, at most `count`, by the second look and the third."""
        codes = self._codes if rows is None else self._codes.take(rows, axis=0)
        mine = np.packbits(numbers > 0)[None]
        far, places = self._faiss.knn_hamming(mine, codes, min(max(CLOSE, count), len(codes)))
        signs = np.unpackbits(codes.take(places[0], axis=0), axis=1).astype(np.float32)
        order = np.lexsort((places[0], far[0], -(signs @ numbers)))[:count]
        best = places[0][order].astype(np.int64)
        return far[0][order], best if rows is None else rows[best]


def _scanner(faiss: Any, part: Pixels) -> Any:
    """FAISS's product quantiser of four bits, whose words are the sixteen nibbles that codes are made of anyway."""
    words = 2 * part.shape[1]
    made = faiss.IndexPQ(_NIBBLE * words, words, _NIBBLE, faiss.METRIC_INNER_PRODUCT)
    signs = np.unpackbits(np.arange(16, dtype=np.uint8)[:, None], axis=1)[:, _NIBBLE:].astype(np.float32) * 2 - 1
    faiss.copy_array_to_vector(np.tile(signs.ravel(), words), made.pq.centroids)
    made.is_trained = True
    made.add_sa_codes(np.ascontiguousarray(part))
    return faiss.IndexPQFastScan(made)


def _by_nibbles(asked: Floats) -> Floats:
    """In the order of FAISS, which takes the lower half of a byte first: its later four bits."""
    return np.ascontiguousarray(asked.reshape(-1, 2, _NIBBLE)[:, ::-1].reshape(len(asked), -1))
