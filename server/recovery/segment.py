"""A fixed set of 256-bit codes, and which of them lie within 31 bits of another: multi-index hashing.

Two codes that differ in at most 31 of 256 bits differ in at most one bit of at least one of 16 pieces of 16 bits
(Norouzi, Punjani, Fleet: "Fast Exact Search in Hamming Space with Multi-Index Hashing", 2014). So each piece has a
table of the codes that have each value, and a look-up reads 17 places in each of 16 tables. Knows numbers only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WORDS = 4
RADIUS = 31
PIECES, VALUES = 16, 1 << 16
MOST_ALIKE = 256
"""Codes of one value of a piece that are looked at, the newest: somebody who signs one picture over and over MUST NOT
make everybody's look-ups slow."""
_FLIPS = np.concatenate([[0], 1 << np.arange(16)]).astype(np.uint16)
_TABLES = np.arange(PIECES)[:, None]

Codes = NDArray[np.uint64]


@dataclass(frozen=True, eq=False, slots=True)
class Segment:
    """codes: uint64, (n, 4), most significant word first. items: int64, (n,): what each code belongs to, ascending.

    starts: uint32, (16, 65537). order: uint32, (16, n): of each piece, the places of codes by the piece's value.
    """

    codes: Codes
    items: NDArray[np.int64]
    starts: NDArray[np.uint32]
    order: NDArray[np.uint32]

    @classmethod
    def of(cls, codes: Codes, items: NDArray[np.int64]) -> Segment:
        """A segment of these; takes about half a second for a million."""
        pieces = pieces_of(codes)
        starts = np.zeros((PIECES, VALUES + 1), np.uint32)
        order = np.empty((PIECES, len(codes)), np.uint32)
        for piece in range(PIECES):
            values = np.ascontiguousarray(pieces[:, piece])
            order[piece] = np.argsort(values, kind="stable")
            np.cumsum(np.bincount(values, minlength=VALUES), out=starts[piece, 1:])
        return cls(codes, items, starts, order)

    def __len__(self) -> int:
        return len(self.items)

    @property
    def nbytes(self) -> int:
        """Bytes in memory."""
        return sum(each.nbytes for each in (self.codes, self.items, self.starts, self.order))

    def near(self, code: Codes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Items and distances of every code within RADIUS. code: uint64, (4,)."""
        found = self._candidates(code)
        distances = distances_to(self.codes[found], code)
        close = np.flatnonzero(distances <= RADIUS)
        return self.items[found[close]], distances[close]

    def _candidates(self, code: Codes) -> NDArray[np.uint32]:
        """Places of codes that share a piece with `code`, up to one bit; near ones several times."""
        values = (pieces_of(code[None])[0][:, None] ^ _FLIPS).astype(np.intp)
        places = values + _TABLES * (VALUES + 1)
        flat = self.starts.ravel()
        stops = flat[places + 1].astype(np.int64).ravel()
        starts = np.maximum(flat[places].astype(np.int64).ravel(), stops - MOST_ALIKE)
        lengths = stops - starts
        # Every range of every table, one after the other, without a loop.
        total = int(lengths.sum())
        tables = np.repeat(np.arange(PIECES), len(_FLIPS)) * len(self)
        begins = np.repeat(tables + starts - (np.cumsum(lengths) - lengths), lengths)
        return self.order.ravel()[begins + np.arange(total)]


def pieces_of(codes: Codes) -> NDArray[np.uint16]:
    """uint16, (n, 16): each code's pieces."""
    return np.ascontiguousarray(codes).view(np.uint16).reshape(-1, PIECES)


def distances_to(codes: Codes, code: Codes) -> NDArray[np.int64]:
    """Differing bits between each of `codes` and `code`."""
    return np.asarray(np.bitwise_count(codes ^ code).sum(axis=1, dtype=np.int64))


def words_of(values: list[bytes]) -> Codes:
    """Codes of 32 bytes each as uint64, (n, 4)."""
    return np.frombuffer(b"".join(values), dtype=">u8").astype(np.uint64).reshape(-1, WORDS)
