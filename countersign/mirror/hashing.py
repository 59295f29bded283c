"""Roots over tiles, and entry bundles taken apart. RFC 6962, section 2.1; c2sp.org/tlog-tiles.

Pure functions over bytes. They know neither paths nor files.
"""

from __future__ import annotations

from collections.abc import Sequence

from countersign.verify.errors import VerificationError
from countersign.verify.merkle import EMPTY_ROOT, HASH_BYTES, node_hash

_LENGTH_BYTES = 2


def split_hashes(data: bytes) -> list[bytes]:
    """The hashes that a tile concatenates."""
    return [data[start : start + HASH_BYTES] for start in range(0, len(data), HASH_BYTES)]


def tile_root(data: bytes) -> bytes:
    """The root of a full tile: of 256 hashes, or of any other power of two."""
    row = split_hashes(data)
    while len(row) > 1:
        row = [node_hash(row[i], row[i + 1]) for i in range(0, len(row), 2)]
    return row[0]


def edge_root(partial: Sequence[bytes]) -> bytes:
    """The root of the tree whose partial tiles are `partial`, from the leaves upwards."""
    reached: bytes | None = None
    for data in partial:
        reached = _fold(split_hashes(data), reached)
    return EMPTY_ROOT if reached is None else reached


def split_entries(data: bytes, count: int, *, more: bool = False) -> list[bytes]:
    """The first `count` entries of a bundle: each after its length in two bytes, big-endian.

    VerificationError if the bundle ends early, or, unless `more` is allowed, goes on.
    """
    entries: list[bytes] = []
    place = 0
    for _ in range(count):
        start = place + _LENGTH_BYTES
        place = start + int.from_bytes(data[start - _LENGTH_BYTES : start])
        if start > len(data) or place > len(data):
            raise VerificationError(f"it ends within entry {len(entries)} of {count}")
        entries.append(data[start:place])
    if place != len(data) and not more:
        raise VerificationError(f"{len(data) - place} bytes follow its {count} entries")
    return entries


def join_entries(entries: Sequence[bytes]) -> bytes:
    """The bundle of `entries`, none longer than 65,535 bytes."""
    return b"".join(len(entry).to_bytes(_LENGTH_BYTES) + entry for entry in entries)


def _fold(row: list[bytes], right: bytes | None) -> bytes:
    """The root over a partial tile's hashes, which `right`, the ragged rest of the levels below, follows."""
    while row:
        if len(row) % 2:
            last = row.pop()
            right = last if right is None else node_hash(last, right)
        row = [node_hash(row[i], row[i + 1]) for i in range(0, len(row), 2)]
    if right is None:
        raise VerificationError("a tile holds at least one hash")
    return right
