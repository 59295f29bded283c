"""The codes of everything signed, kept current: before each look-up, what was recorded since is read from the log.

Several servers may write one log, and nobody tells the others; one question by the primary key costs less than a wrong
answer. Knows codes and the log. It does not know pictures, or what a find means.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from detectors.fingerprints import Fingerprint
from server.audit.reading.durable import Bound, DurableReads
from server.recovery.index import CodeIndex, Near, as_items
from server.recovery.segment import words_of

PDQ, ISCC = "pdq", "iscc"
KINDS = (ISCC, PDQ)
PAGE = 10_000
MOST = 64
"""Items that one code may find: far more than are looked at, since many may be made from one upload to hide another."""


@dataclass(frozen=True, slots=True)
class Hit:
    """How near an item's codes are, by kind; only kinds that are within reach."""

    item: int
    distances: Mapping[str, int]

    @property
    def nearest(self) -> int:
        """Differing bits of the nearest code."""
        return min(self.distances.values())


class Memory:
    """Codes in memory. For one event loop; `near` may run on any thread."""

    def __init__(self, reads: DurableReads) -> None:
        self._reads = reads
        self._indexes: Mapping[str, CodeIndex] = {kind: CodeIndex() for kind in KINDS}
        self._place = (-1, "", b"")
        self._lock = asyncio.Lock()

    def __len__(self) -> int:
        return sum(len(index) for index in self._indexes.values())

    @property
    def nbytes(self) -> int:
        """Bytes that the codes take."""
        return sum(index.nbytes for index in self._indexes.values())

    async def catch_up(self) -> None:
        """Returns when everything that was recorded before the call is in memory. Raises Unavailable."""
        async with self._lock:
            while page := await self._reads.after(self._place, KINDS, PAGE):
                self._indexes = await asyncio.to_thread(_extended, self._indexes, page)
                self._place = page[-1].place
                if len(page) < PAGE:
                    return

    def near_one(self, kind: str, bits: int, most: int) -> list[Near]:
        """Items within reach of one code, the nearest first."""
        return self._indexes[kind].near(words_of([bits.to_bytes(32, "big")])[0], most)

    def near(self, ways: Iterable[Fingerprint]) -> list[Hit]:
        """Items within reach of a picture in any of several ways to see it, the nearest first. Blocks."""
        found: dict[int, dict[str, int]] = {}
        for way in ways:
            for kind, bits in ((PDQ, way.pdq), (ISCC, way.iscc)):
                for near in self.near_one(kind, bits, MOST):
                    distances = found.setdefault(near.item, {})
                    distances[kind] = min(near.distance, distances.get(kind, near.distance))
        hits = [Hit(item, distances) for item, distances in found.items()]
        return sorted(hits, key=lambda hit: (hit.nearest, -hit.item))


def _extended(indexes: Mapping[str, CodeIndex], page: list[Bound]) -> dict[str, CodeIndex]:
    extended = dict(indexes)
    for kind in KINDS:
        # Whoever may write the database may have put anything there: `log fsck` says so, this does not fail over it.
        rows = [bound for bound in page if bound.kind == kind and len(bound.value) == 32]
        if rows:
            items = as_items([bound.index for bound in rows])
            extended[kind] = indexes[kind].with_codes(np.asarray(words_of([row.value for row in rows])), items)
    return extended
