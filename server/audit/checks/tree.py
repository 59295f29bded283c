"""The tree against the leaves: every leaf hash, every tile, and the two roots that they lead to.

Two trees are grown side by side, one from the leaves and one from the stored leaf hashes. Where they part, the one
that leads to the signed root tells which of the two was changed.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from countersign.verify.merkle import HASH_BYTES, leaf_hash
from server.audit.checks.bundle import Bundle
from server.audit.checks.raw import in_pieces, raw
from server.audit.checks.report import Findings
from server.audit.checks.tiles import read_tiles
from server.audit.sql.tables import tiles
from server.audit.tree.merkle import WIDTH, Edge, TileKey, width_of

_STEP = 5000


class TreeCheck:
    """Fed with bundles in order; then `finish`. size: of the tree that the tiles should make."""

    def __init__(self, connection: Connection, size: int, findings: Findings) -> None:
        self._connection = connection
        self._size = size
        self._findings = findings
        self._from_leaves: Edge | None = Edge()
        self._from_tiles: Edge | None = Edge()
        self._parted: list[int] = []

    def add(self, bundle: Bundle) -> None:
        """The 256 entries under one tile of level 0, or the rest."""
        stored = self._leaf_hashes(bundle)
        leaves = {index: leaf_hash(row.leaf) for index, row in bundle.rows.items() if isinstance(row.leaf, bytes)}
        # Bounded like the findings: a log of which nothing holds needs no complete list.
        parted = [index for index in leaves if stored.get(index) != leaves[index]]
        self._parted += parted[: max(0, WIDTH - len(self._parted))]
        places = range(bundle.start, bundle.stop)
        self._from_leaves = _grow(self._from_leaves, [leaves.get(index) for index in places])
        if self._from_tiles is not None:
            self._grow_tiles([stored.get(index) for index in places])

    def finish(self, signed_root: bytes | None) -> bytes:
        """Name what parted, and return the root over the leaves (b"" if leaves are missing)."""
        leaves_root = self._from_leaves.root() if self._from_leaves else b""
        tiles_root = self._from_tiles.root() if self._from_tiles else b""
        if self._from_tiles is not None:
            self._compare(self._rest_of(self._from_tiles))
        for index in self._parted:
            self._findings.add(*_blame(index, signed_root, leaves_root, tiles_root))
        if signed_root not in (None, leaves_root):
            self._findings.add("head", None, "the leaves do not lead to the root of the log")
        if signed_root not in (None, tiles_root):
            self._findings.add("tile", None, "the tiles do not lead to the root of the log")
        self._check_surplus()
        return leaves_root

    def _leaf_hashes(self, bundle: Bundle) -> dict[int, bytes]:
        hashes = self._read([(0, bundle.start // WIDTH)]).get((0, bundle.start // WIDTH), b"")
        pieces = [hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)]
        if len(hashes) != (bundle.stop - bundle.start) * HASH_BYTES:
            self._findings.add("tile", bundle.start, f"tile 0/{bundle.start // WIDTH} is missing or of the wrong size")
        return {bundle.start + at: piece for at, piece in enumerate(pieces) if len(piece) == HASH_BYTES}

    def _grow_tiles(self, hashes: list[bytes | None]) -> None:
        edge = self._from_tiles
        present = [value for value in hashes if value is not None]
        if edge is None or len(present) != len(hashes):
            self._from_tiles = None
            return
        self._from_tiles, changed = edge.grow(present)
        self._compare({key: value for key, value in changed.items() if len(value) == WIDTH * HASH_BYTES})

    def _rest_of(self, edge: Edge) -> dict[TileKey, bytes]:
        return {key: edge.partial[key[0]] for key in Edge.keys(edge.size)}

    def _compare(self, expected: dict[TileKey, bytes]) -> None:
        stored = self._read(list(expected))
        for key, hashes in expected.items():
            if stored.get(key) != hashes:
                level, number = key
                self._findings.add("tile", None, f"tile {level}/{number} is not what the tiles below it make")

    def _read(self, keys: list[TileKey]) -> dict[TileKey, bytes]:
        return read_tiles(self._connection, keys, self._findings)

    def _check_surplus(self) -> None:
        for key in _tile_keys(self._connection):
            if not width_of(key, self._size) or key[0] < 0 or key[1] < 0:
                self._findings.add("tile", None, f"tile {key[0]}/{key[1]} lies outside the tree")


def _tile_keys(connection: Connection) -> Iterator[TileKey]:
    for rows in in_pieces(connection, raw(tiles, "level", "number"), [tiles.c.level, tiles.c.number], step=_STEP):
        for row in rows:
            yield row.level, row.number


def _grow(edge: Edge | None, hashes: list[bytes | None]) -> Edge | None:
    present = [value for value in hashes if value is not None]
    return None if edge is None or len(present) != len(hashes) else edge.grow(present)[0]


def _blame(index: int, signed: bytes | None, leaves_root: bytes, tiles_root: bytes) -> tuple[str, int, str]:
    if signed == tiles_root:
        return "leaf", index, "the leaf was changed: its hash is not the one in the tree"
    if signed == leaves_root:
        return "tile", index, "the tree's hash of this entry was changed: the leaf is what was signed"
    return "leaf", index, "the leaf and the tree's hash of it differ, and neither leads to the signed root"
