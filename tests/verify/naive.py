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
