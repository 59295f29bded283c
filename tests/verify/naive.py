"""RFC 6962, section 2.1, written down as its definitions read: slow, and obviously right."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence


def split(count: int) -> int:
    """The largest power of two smaller than `count`."""
    power = 1
    while power * 2 < count:
        power *= 2
    return power


def tree_hash(entries: Sequence[bytes]) -> bytes:
    """MTH."""
    if not entries:
        return hashlib.sha256().digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\x00" + entries[0]).digest()
    k = split(len(entries))
    return hashlib.sha256(b"\x01" + tree_hash(entries[:k]) + tree_hash(entries[k:])).digest()


def path(index: int, entries: Sequence[bytes]) -> list[bytes]:
    """PATH."""
    if len(entries) == 1:
        return []
    k = split(len(entries))
    if index < k:
        return [*path(index, entries[:k]), tree_hash(entries[k:])]
    return [*path(index - k, entries[k:]), tree_hash(entries[:k])]


def proof(first: int, entries: Sequence[bytes]) -> list[bytes]:
    """PROOF."""
    return _subproof(first, entries, complete=True)


def _subproof(first: int, entries: Sequence[bytes], *, complete: bool) -> list[bytes]:
    if first == len(entries):
        return [] if complete else [tree_hash(entries)]
    k = split(len(entries))
    if first <= k:
        return [*_subproof(first, entries[:k], complete=complete), tree_hash(entries[k:])]
    return [*_subproof(first - k, entries[k:], complete=False), tree_hash(entries[:k])]


def root_from(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that PATH's definition, read backwards, leads to; None if `path` cannot be one of this place."""
    if not 0 <= index < size:
        return None
    if size == 1:
        return None if path else leaf
    if not path:
        return None
    k, sibling = split(size), path[-1]
    on_the_left = index < k
    own = root_from(leaf, index, k, path[:-1]) if on_the_left else root_from(leaf, index - k, size - k, path[:-1])
    if own is None:
        return None
    return hashlib.sha256(b"\x01" + (own + sibling if on_the_left else sibling + own)).digest()


def roots_from(
    first: int, second: int, first_root: bytes, hashes: Sequence[bytes], *, complete: bool = True
) -> tuple[bytes, bytes] | None:
    """The roots of both trees that SUBPROOF's definition, read backwards, leads to; 0 < first <= second."""
    if first == second:
        if complete:
            return None if hashes else (first_root, first_root)
        return (hashes[0], hashes[0]) if len(hashes) == 1 else None
    if not hashes:
        return None
    k, last = split(second), hashes[-1]
    if first <= k:
        found = roots_from(first, k, first_root, hashes[:-1], complete=complete)
        return found and (found[0], hashlib.sha256(b"\x01" + found[1] + last).digest())
    found = roots_from(first - k, second - k, first_root, hashes[:-1], complete=False)
    if found is None:
        return None
    old, new = (hashlib.sha256(b"\x01" + last + each).digest() for each in found)
    return old, new
