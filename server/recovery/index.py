"""Codes of everything signed, in memory: built from the log once, then followed as it grows.

    new codes → tail (looked through) ── full ──> a segment ── as many as its neighbour ──> one segment of both

A look-up reads a few places in each segment, of which there are about as many as the logarithm of their number. The
index proposes; what it proposes may have been erased since, so whoever asks MUST look at the log. Knows no pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from server.recovery.segment import RADIUS, WORDS, Codes, Segment, distances_to

TAIL = 16_384
"""Codes that are looked through one by one: less than a millisecond."""


def _no_codes() -> Codes:
    return np.empty((0, WORDS), np.uint64)


def _no_items() -> NDArray[np.int64]:
    return np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
class Near:
    """An item that has a code near another. distance: differing bits."""

    item: int
    distance: int


@dataclass(frozen=True, eq=False, slots=True)
class CodeIndex:
    """An index of codes of one kind. Never changes: `with_codes` makes another one, which shares what stayed the same.

    So a look-up on one thread needs no lock while another thread adds.
    """

    segments: tuple[Segment, ...] = ()
    tail_codes: Codes = field(default_factory=_no_codes)
    tail_items: NDArray[np.int64] = field(default_factory=_no_items)

    def __len__(self) -> int:
        return len(self.tail_items) + sum(len(segment) for segment in self.segments)

    @property
    def nbytes(self) -> int:
        """Bytes in memory."""
        tail = self.tail_codes.nbytes + self.tail_items.nbytes
        return tail + sum(segment.nbytes for segment in self.segments)

    def with_codes(self, codes: Codes, items: NDArray[np.int64]) -> Self:
        """With these as well. codes: uint64, (n, 4). items: int64, (n,), ascending, not below those that are there."""
        codes = np.concatenate([self.tail_codes, codes])
        items = np.concatenate([self.tail_items, items])
        if len(items) < TAIL:
            return replace(self, tail_codes=codes, tail_items=items)
        segments = [*self.segments, Segment.of(codes, items)]
        # As binary counters carry: each code is moved a logarithmic number of times, and few segments are left.
        while len(segments) > 1 and len(segments[-2]) <= 2 * len(segments[-1]):
            segments[-2:] = [_merged(*segments[-2:])]
        return replace(self, segments=tuple(segments), tail_codes=_no_codes(), tail_items=_no_items())

    def near(self, code: Codes, most: int) -> list[Near]:
        """The nearest items within 31 bits of `code` (uint64, (4,)), each once, the newest first among equals."""
        distances = distances_to(self.tail_codes, code)
        close = distances <= RADIUS
        parts = [(self.tail_items[close], distances[close]), *(segment.near(code) for segment in self.segments)]
        items = np.concatenate([part for part, _ in parts])
        found = np.concatenate([part for _, part in parts])
        best: dict[int, int] = {}
        for place in np.lexsort((-items, found)):
            best.setdefault(int(items[place]), int(found[place]))
            if len(best) == most:
                break
        return [Near(item, distance) for item, distance in best.items()]


def _merged(first: Segment, second: Segment) -> Segment:
    return Segment.of(np.concatenate([first.codes, second.codes]), np.concatenate([first.items, second.items]))


def as_items(values: Sequence[int]) -> NDArray[np.int64]:
    """Items as an index takes them."""
    return np.asarray(values, np.int64)
