"""Tiles and entries as the database has them, each checked before it is given away.

A partial tile is believed because all of them lead to the signed root; a full one, because the tile above it holds its
hash; an entry, because its tile holds its hash. So nothing that was damaged in the database reaches a mirror.
Each read is a transaction of its own: full tiles never change, and of one that grows only the beginning is taken, so
that a long run needs no old snapshot and keeps nobody from tidying up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import TypeAlias

from sqlalchemy import Connection, select

from core.errors import IntegrityError
from countersign.mirror.hashing import edge_root, split_hashes, tile_root
from countersign.mirror.layout import WIDTH, Tile, edge, hashes_at, levels, tiles_of_level
from countersign.verify.merkle import HASH_BYTES, leaf_hash
from server.audit.sql.tables import entries
from server.audit.tree.head import Head
from server.audit.tree.tiles import read_tiles

Reading: TypeAlias = Callable[[], AbstractContextManager[Connection]]
"""A snapshot of the committed log, as `Store.reading` gives it."""


class TreeSource:
    """The tree under `head`. IntegrityError wherever the database does not hold what the head signs."""

    def __init__(self, reading: Reading, head: Head) -> None:
        self._reading = reading
        self._head = head

    def tiles_since(self, size: int) -> Iterator[tuple[Tile, bytes]]:
        """Every tile that the tree of the first `size` entries lacks, the topmost level first."""
        now = self._head.size
        if size == now:
            return
        partial = self._read(edge(now))
        if edge_root([partial[tile] for tile in edge(now)]) != self._head.root:
            raise IntegrityError("the tiles of the log do not lead to its root; run `log fsck`")
        yield from partial.items()
        for level in reversed(range(levels(now) - 1)):
            first = hashes_at(level, size) // WIDTH
            for above in tiles_of_level(level + 1, now, first // WIDTH):
                yield from self._children(above, first)

    def entries_of(self, tile: Tile, hashes: bytes) -> list[bytes]:
        """The leaves under a tile of level 0 with these hashes."""
        start = tile.number * WIDTH
        of_tile = entries.c.log_index.between(start, start + tile.width - 1)
        with self._reading() as connection:
            rows = connection.execute(select(entries.c.leaf).where(of_tile).order_by(entries.c.log_index)).scalars()
            leaves = [bytes(leaf) for leaf in rows]
        for position, expected in enumerate(split_hashes(hashes)):
            if position >= len(leaves) or leaf_hash(leaves[position]) != expected:
                raise IntegrityError(f"entry {start + position} is not the one that was recorded; run `log fsck`")
        return leaves

    def _children(self, above: Tile, first: int) -> Iterator[tuple[Tile, bytes]]:
        """The full tiles from number `first` on whose hashes `above` holds."""
        expected = {
            Tile(above.level - 1, above.number * WIDTH + position): value
            for position, value in enumerate(split_hashes(self._read([above])[above]))
            if above.number * WIDTH + position >= first
        }
        for tile, data in self._read(expected).items():
            if tile_root(data) != expected[tile]:
                raise IntegrityError(f"tile {tile.path} is not the one that was hashed; run `log fsck`")
            yield tile, data

    def _read(self, wanted: Iterable[Tile]) -> Mapping[Tile, bytes]:
        """Exactly the hashes that the tree of the head has; what a tile gained since is cut off."""
        keys = {(tile.level, tile.number): tile for tile in wanted}
        with self._reading() as connection:
            stored = read_tiles(connection, keys)
        found = {tile: stored.get(key, b"")[: tile.width * HASH_BYTES] for key, tile in keys.items()}
        for tile, data in found.items():
            if len(data) != tile.width * HASH_BYTES:
                raise IntegrityError(f"tile {tile.path} of the log is missing; run `log fsck`")
        return found
