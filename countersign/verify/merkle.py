"""RFC 6962 hashes, and the verification of inclusion and consistency proofs.

This module knows hashes and proofs. It does not know what an entry means, who signed a root, or how a log stores
its tree: making proofs is `server.audit.tree.merkle`.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

from countersign.verify.errors import VerificationError

HASH_BYTES = 32
# MTH({}) of RFC 6962, section 2.1.
EMPTY_ROOT = hashlib.sha256(b"").digest()
# A tree of 2**63 leaves has paths of 63 hashes; a longer proof is an attack or a mistake.
MAX_PATH = 63


def leaf_hash(entry: bytes) -> bytes:
    """SHA-256(0x00 || entry): the prefix keeps leaves and nodes apart (RFC 6962, section 2.1)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Raise VerificationError unless `leaf` (a leaf hash) stands at `index` in the tree of `size` leaves under `root`.

    proof: hashes of 32 bytes from the leaf's sibling upwards (RFC 6962, section 2.1.1; walk of RFC 9162, 2.1.3.2).
    """
    if not 0 <= index < size:
        raise VerificationError(f"index {index} lies outside a tree of {size} leaves")
    _check_hashes([leaf, root, *proof])
    node, last, reached = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise VerificationError("the inclusion proof is longer than the tree is high")
        if node & 1 or node == last:
            reached = node_hash(sibling, reached)
            # A rightmost node without a sibling of its own moves up unhashed until it is a right child.
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            reached = node_hash(reached, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise VerificationError("the inclusion proof is shorter than the tree is high")
    _check_equal(reached, root, "the inclusion proof leads to another root")


def verify_consistency(first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]) -> None:
    """Raise VerificationError unless the tree of `first` leaves is a prefix of the tree of `second` leaves.

    RFC 6962, section 2.1.2; walk of RFC 9162, section 2.1.4.2.
    """
    if not 0 <= first <= second:
        raise VerificationError(f"a tree of {first} leaves cannot be a prefix of one of {second}")
    _check_hashes([first_root, second_root, *proof])
    if first in (0, second):
        if proof:
            raise VerificationError("the consistency proof must be empty here")
        # The empty tree has one root, and is a prefix of every tree.
        for size, root in ((first, first_root), (second, second_root)):
            if size == 0:
                _check_equal(root, EMPTY_ROOT, "the empty tree has another root")
        if first == second:
            _check_equal(first_root, second_root, "the roots differ")
        return
    # A prefix that is a complete subtree is its own first proof hash, and is left out of the proof.
    path = list(proof) if first & (first - 1) else [first_root, *proof]
    if not path:
        raise VerificationError("the consistency proof is empty")
    old, new = _walk_consistency(first, second, path)
    _check_equal(old, first_root, "the consistency proof leads to another first root")
    _check_equal(new, second_root, "the consistency proof leads to another second root")


def _walk_consistency(first: int, second: int, path: Sequence[bytes]) -> tuple[bytes, bytes]:
    """The roots of both trees that `path` leads to."""
    node, last = first - 1, second - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise VerificationError("the consistency proof is longer than the tree is high")
        if node & 1 or node == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise VerificationError("the consistency proof is shorter than the tree is high")
    return old, new


def _check_hashes(hashes: Sequence[bytes]) -> None:
    if len(hashes) > MAX_PATH + 2:
        raise VerificationError(f"a proof has at most {MAX_PATH} hashes")
    if any(len(value) != HASH_BYTES for value in hashes):
        raise VerificationError("a hash has 32 bytes")


def _check_equal(found: bytes, expected: bytes, message: str) -> None:
    if not hmac.compare_digest(found, expected):
        raise VerificationError(message)
