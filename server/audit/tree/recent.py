"""The newest part of the log in memory: its head, its right edge, and the tiles that filled up last.

A receipt is mostly asked for right after its entry was recorded; from here it costs no query. Full tiles never
change, and an edge belongs to one head, so that nothing here can be out of date: it can only be missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from server.audit.tree.head import Head
from server.audit.tree.merkle import FULL_BYTES, Edge, TileKey

# At 8 KB each: the tiles of the last 65,536 entries.
_KEPT = 256


@dataclass(frozen=True, slots=True)
class Recent:
    """What was committed last. Made by the writer thread, never changed, read by any thread."""

    head: Head
    edge: Edge
    full: Mapping[TileKey, bytes] = field(default_factory=dict)

    def after(self, head: Head, edge: Edge, changed: Mapping[TileKey, bytes]) -> Recent:
        """The state after one more commit that wrote the tiles `changed`."""
        filled = {key: hashes for key, hashes in changed.items() if len(hashes) == FULL_BYTES}
        if not filled:
            return Recent(head, edge, self.full)
        kept = {**self.full, **filled}
        return Recent(head, edge, dict(list(kept.items())[-_KEPT:]))

    def read(self, key: TileKey) -> bytes:
        """A tile of the tree under `head`; KeyError if it is too old to be here."""
        level, number = key
        if level < len(self.edge.partial) and number == self.head.size >> 8 * (level + 1):
            return self.edge.partial[level]
        return self.full[key]
