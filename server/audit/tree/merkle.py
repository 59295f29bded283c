"""RFC 6962 trees kept as C2SP tlog-tiles of height 8: growing, roots and proofs.

Pure arithmetic over tiles that a callable hands in. This module knows nothing about SQL, entries or signatures;
verifying what it makes is `countersign.verify.merkle`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from countersign.verify.merkle import EMPTY_ROOT, HASH_BYTES, node_hash

HEIGHT = 8
WIDTH = 1 << HEIGHT
FULL_BYTES = WIDTH * HASH_BYTES

# (level, number) of a tile; level 0 holds leaf hashes, each hash of level n + 1 is the root of a full tile of level n.
TileKey: TypeAlias = tuple[int, int]
TileReader: TypeAlias = Callable[[TileKey], bytes]
# The rows of one tile's subtree: 256 hashes, the 128 above them, …, the root; shorter for partial tiles.
Pyramid: TypeAlias = tuple[tuple[bytes, ...], ...]


@dataclass(frozen=True, slots=True)
class Edge:
    """The right edge of a tree: for each level the hashes of its partial tile, b"" where the level has none.

    Enough to append and to compute the root; its size grows with the logarithm of the tree.
    """

    size: int = 0
    partial: tuple[bytes, ...] = ()

    @staticmethod
    def keys(size: int) -> list[TileKey]:
        """The partial tiles of a tree of `size` leaves, from the leaves upwards."""
        return [
            (level, (size >> HEIGHT * level) // WIDTH)
            for level in range(levels(size))
            if (size >> HEIGHT * level) % WIDTH
        ]

    @classmethod
    def load(cls, size: int, read: TileReader) -> Edge:
        """The edge of a stored tree."""
        found = {key[0]: read_exactly(read, key, size) for key in cls.keys(size)}
        return cls(size, tuple(found.get(level, b"") for level in range(levels(size))))

    def root(self) -> bytes:
        """The root of the tree."""
        reached = None
        for hashes in self.partial:
            if hashes:
                reached = _fold(hashes, reached)
        return EMPTY_ROOT if reached is None else reached

    def grow(self, leaves: Sequence[bytes]) -> tuple[Edge, dict[TileKey, bytes]]:
        """The edge after appending leaf hashes, and every tile that changed on the way."""
        partial = list(self.partial)
        changed: dict[TileKey, bytes] = {}
        added, level, size = b"".join(leaves), 0, self.size
        while added:
            if level == len(partial):
                partial.append(b"")
            number, hashes, carried = (size >> HEIGHT * level) // WIDTH, partial[level] + added, []
            while len(hashes) >= FULL_BYTES:
                changed[level, number] = full = hashes[:FULL_BYTES]
                carried.append(_fold(full, None))
                hashes, number = hashes[FULL_BYTES:], number + 1
            if hashes:
                changed[level, number] = hashes
            partial[level], added, level = hashes, b"".join(carried), level + 1
        return Edge(size + len(leaves), tuple(partial)), changed


def levels(size: int) -> int:
    """How many levels of tiles a tree of `size` leaves has."""
    count = 0
    while size >> HEIGHT * count:
        count += 1
    return count


def width_of(key: TileKey, size: int) -> int:
    """How many hashes the tile has in a tree of `size` leaves, 0 to 256."""
    level, number = key
    return max(0, min(WIDTH, (size >> HEIGHT * level) - number * WIDTH))


def read_exactly(read: TileReader, key: TileKey, size: int) -> bytes:
    """The tile as it was when the tree had `size` leaves: what a tile gained since is cut off."""
    return read(key)[: width_of(key, size) * HASH_BYTES]


def inclusion_proof(read: TileReader, index: int, size: int) -> list[bytes]:
    """PATH(index, D[size]) of RFC 6962, section 2.1.1. 0 <= index < size."""
    path, low, high = [], 0, size
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(_range_root(read, middle, high, size))
            high = middle
        else:
            path.append(_range_root(read, low, middle, size))
            low = middle
    return path[::-1]


def consistency_proof(read: TileReader, first: int, second: int) -> list[bytes]:
    """PROOF(first, D[second]) of RFC 6962, section 2.1.2; empty for 0 and for equal sizes."""
    if first in (0, second):
        return []
    proof, low, high = [], 0, second
    while high != first:
        middle = low + _split(high - low)
        if first <= middle:
            proof.append(_range_root(read, middle, high, second))
            high = middle
        else:
            proof.append(_range_root(read, low, middle, second))
            low = middle
    # A remainder that starts at leaf 0 is the first tree itself, which the verifier knows.
    return ([_range_root(read, low, high, second)] if low else []) + proof[::-1]


def root_at(read: TileReader, size: int) -> bytes:
    """MTH(D[0:size])."""
    return _range_root(read, 0, size, size) if size else EMPTY_ROOT


def proof_tiles(index: int, size: int) -> list[TileKey]:
    """Every tile that `inclusion_proof` may read: the entry's tile and the edge tile of each level."""
    keys = set(Edge.keys(size))
    for level in range(levels(size)):
        keys.add((level, (index >> HEIGHT * level) // WIDTH))
    return sorted(key for key in keys if width_of(key, size))


def _split(count: int) -> int:
    """The largest power of two smaller than `count`."""
    return 1 << (count - 1).bit_length() - 1


def _range_root(read: TileReader, low: int, high: int, size: int) -> bytes:
    """MTH(D[low:high]) of a range that RFC 6962 makes by splitting: only its right end may be ragged."""
    # Cut complete subtrees off from the left, largest first, then fold them together from the right.
    subtrees: list[bytes] = []
    while low < high:
        height = (high - low).bit_length() - 1
        subtrees.append(_subtree_root(read, height, low >> height, size))
        low += 1 << height
    root = subtrees.pop()
    while subtrees:
        root = node_hash(subtrees.pop(), root)
    return root


def _subtree_root(read: TileReader, height: int, number: int, size: int) -> bytes:
    """The root of the complete subtree of 2**height leaves that starts at leaf number * 2**height."""
    level, row = divmod(height, HEIGHT)
    tile, position = divmod(number << row, WIDTH)
    return pyramid(read_exactly(read, (level, tile), size))[row][position >> row]


@lru_cache(maxsize=256)
def pyramid(hashes: bytes) -> Pyramid:
    """The complete subtrees within one tile, row by row. Kept for the latest tiles: receipts ask for them again."""
    row = tuple(hashes[start : start + HASH_BYTES] for start in range(0, len(hashes), HASH_BYTES))
    rows = [row]
    while len(row) > 1:
        row = tuple(node_hash(row[i], row[i + 1]) for i in range(0, len(row) - 1, 2))
        rows.append(row)
    return tuple(rows)


def _fold(hashes: bytes, right: bytes | None) -> bytes:
    """The root over a tile's hashes, followed by the ragged rest `right` of the levels below."""
    count = len(hashes) // HASH_BYTES
    rows = pyramid(hashes)
    for row in range(HEIGHT + 1):
        if count >> row & 1:
            left = rows[row][(count >> row) - 1]
            right = left if right is None else node_hash(left, right)
    if right is None:
        raise ValueError("a tile has at least one hash")
    return right
