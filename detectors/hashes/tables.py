"""Finds, among up to 16 million codes of 256 bits, all that are within a few bits of another. Knows bits alone.

Multi-index hashing (Norouzi, Punjani and Fleet, CVPR 2012) with thresholds of its own for every piece (the general
pigeonhole of Qin et al., ICDE 2018). The code is cut into pieces, each with a threshold; where the thresholds, plus one
each, sum to more than the distance, a code within it agrees with the query within the threshold in one piece at least.
So a lookup reads the few codes that do, and compares them whole: exact, and nothing is ever missed.

FAISS has the same idea with one threshold for all pieces (`IndexBinaryMultiHash`). It was measured beside this
(docs/known-content.md) and needs ten times as long.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise
from math import comb
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from detectors.pdq import BITS, WORDS

Words: TypeAlias = NDArray[np.uint64]
RADIUS = 31
"""Bits within which tables find; the distance that PDQ's authors recommend."""
MOST = 2**24
"""Codes that tables can hold: a row's number has 24 bits beside a piece of at most 24."""
_WIDEST = 24  # bits of a piece; every bit more doubles a table of 4 bytes an entry
_SCANNED = 8192  # codes; below, reading all is faster than asking tables
_NOTHING = np.zeros(0, np.int64)
_EACH_BYTE, _UPPER_BYTE = np.uint32(0x01010101), np.uint32(24)
_ROW = np.uint64(MOST - 1)
_SHIFT = np.uint64(24)


class Near(Protocol):
    """Finds rows. `query`: uint64 (4,), in the same order of bits as the rows."""

    def near(self, query: Words, distance: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Rows within `distance` bits, ascending, and how far each is."""
        ...


@dataclass(frozen=True, eq=False, slots=True)
class Scan:
    """Reads every row. words: uint64 (n, 4)."""

    words: Words

    def near(self, query: Words, distance: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """See `Near`."""
        far = _distances(self.words, query)
        rows = np.flatnonzero(far <= distance)
        return rows, far[rows].astype(np.int64)


@dataclass(frozen=True, slots=True)
class Piece:
    """Bits `start` to `start + width` of the code, in which up to `threshold` may differ."""

    start: int
    width: int
    threshold: int

    @property
    def flips(self) -> NDArray[np.int64]:
        """All that may be different: the numbers of `width` bits with up to `threshold` set."""
        every = (chosen for count in range(self.threshold + 1) for chosen in combinations(range(self.width), count))
        return np.array([sum(1 << bit for bit in chosen) for chosen in every], np.int64)


def layout(count: int) -> tuple[Piece, ...]:
    """The pieces that make lookups among `count` codes of even bits cheapest, for `RADIUS`."""
    fewest = -(-BITS // _WIDEST)
    return min((_cut(number) for number in range(fewest, RADIUS + 2)), key=lambda pieces: _cost(pieces, count))


def _cut(number: int) -> tuple[Piece, ...]:
    """So many pieces of even widths, whose thresholds, plus one each, sum to RADIUS + 1; the last ones' are larger."""
    each, more = divmod(RADIUS + 1, number)
    bounds = [(at * BITS) // number for at in range(number + 1)]
    return tuple(
        Piece(start, stop - start, each - (at < number - more)) for at, (start, stop) in enumerate(pairwise(bounds))
    )


def _cost(pieces: tuple[Piece, ...], count: int) -> float:
    """Places of memory that a lookup reads: slots of tables, and the codes that it finds there."""
    read = 0.0
    for piece in pieces:
        slots = sum(comb(piece.width, bits) for bits in range(piece.threshold + 1))
        read += slots * (1 + count / (1 << piece.width))
    return read


class Tables:
    """Tables over codes. words: uint64 (n, 4), n at most `MOST`; kept, not copied."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._pieces = layout(len(words))
        self._rows, self._slots, firsts = _filled(words, self._pieces)
        self._masks = [(piece.start, (1 << piece.width) - 1) for piece in self._pieces]
        flips = [piece.flips for piece in self._pieces]
        self._counts = np.array([len(each) for each in flips])
        self._flips = np.concatenate(flips)
        self._firsts = np.repeat(firsts, self._counts)

    @property
    def nbytes(self) -> int:
        """Bytes of memory beside the codes themselves."""
        return self._rows.nbytes + self._slots.nbytes

    def near(self, query: Words, distance: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """See `Near`; further than `RADIUS`, every row is read."""
        if distance > RADIUS:
            return Scan(self._words).near(query, distance)
        rows = self._candidates(query)
        far = _distances_below_256(self._words.take(rows, axis=0), query)
        close = np.flatnonzero(far <= distance)
        if not len(close):
            return _NOTHING, _NOTHING
        found, first = np.unique(rows[close], return_index=True)  # a row may agree in several pieces
        return found.astype(np.int64), far[close][first].astype(np.int64)

    def _candidates(self, query: Words) -> NDArray[np.uint32]:
        """Rows that agree with the query in a piece, some more than once."""
        whole = int.from_bytes(query.astype("<u8").tobytes(), "little")
        parts = [whole >> start & mask for start, mask in self._masks]
        slots = np.repeat(np.array(parts, np.int64), self._counts)
        slots ^= self._flips
        slots += self._firsts
        begins = self._slots.take(slots)
        slots += 1
        lengths = self._slots.take(slots) - begins
        before = np.cumsum(lengths, dtype=np.int64)
        places = np.arange(before[-1])
        before -= lengths
        places += np.repeat(begins - before, lengths)
        return self._rows.take(places)


def near_of(words: Words) -> Near:
    """What finds fastest among these."""
    return Scan(words) if len(words) < _SCANNED else Tables(words)


def _distances(words: Words, query: Words) -> NDArray[np.uint16]:
    distances: NDArray[np.uint16] = np.bitwise_count(words ^ query).sum(axis=1, dtype=np.uint16)
    return distances


def _distances_below_256(words: Words, query: Words) -> NDArray[np.uint32]:
    """As `_distances`, in a third of its time: the four counts of a row are summed in the upper byte of one number,
    which holds no 256. What agrees in a piece is nearer than that.
    """
    counts: NDArray[np.uint32] = np.bitwise_count(words ^ query).view(np.uint32).reshape(-1)
    counts *= _EACH_BYTE
    counts >>= _UPPER_BYTE
    return counts


def _filled(
    words: Words, pieces: tuple[Piece, ...]
) -> tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.int64]]:
    """Rows in the order of each piece, one table after the other; where each slot begins; and each table's first slot.

    A table has a slot more than there are values, so that a slot ends where the next begins.
    """
    count = len(words)
    sizes = [2**piece.width + 1 for piece in pieces]
    rows = np.empty(count * len(pieces), np.uint32)
    slots = np.empty(sum(sizes), np.uint32)
    firsts = np.cumsum([0, *sizes[:-1]])
    for at, (piece, values) in enumerate(zip(pieces, _values(words, pieces), strict=True)):
        # Sorted as one number, value before row: many times faster than sorting rows by value.
        keys = np.sort(values << _SHIFT | np.arange(count, dtype=np.uint64))
        rows[at * count : (at + 1) * count] = keys & _ROW
        held = np.bincount((keys >> _SHIFT).astype(np.int64), minlength=2**piece.width)
        table = slots[firsts[at] : firsts[at] + sizes[at]]
        table[0] = 0
        np.cumsum(held, out=table[1:])
        table += np.uint32(at * count)
    return rows, slots, firsts


def _values(words: Words, pieces: tuple[Piece, ...]) -> Iterator[Words]:
    """What each row has in each piece, uint64 (n,)."""
    for piece in pieces:
        word, offset = divmod(piece.start, BITS // WORDS)
        values = words[:, word] >> np.uint64(offset)
        if offset + piece.width > BITS // WORDS:
            values = values | words[:, word + 1] << np.uint64(BITS // WORDS - offset)
        yield values & np.uint64((1 << piece.width) - 1)
