"""Sets of log indexes bound by one digest: what an erasure's entry names without listing it.

The digest is "sha256:" and the RFC 6962 root over the indexes in ascending order, each leaf an index in decimal. So it
can be shown of one entry that it was erased without telling which others were: they belong to the same person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from countersign.verify.encoding import decode_decimal, decode_hash, encode_base64
from countersign.verify.errors import VerificationError
from countersign.verify.merkle import leaf_hash, verify_inclusion

_PREFIX = "sha256:"


@dataclass(frozen=True, slots=True)
class Membership:
    """Where an index stands among those of a set, and the inclusion proof: hashes of 32 bytes, the sibling's first."""

    place: int
    hashes: tuple[bytes, ...]


def member(index: int) -> bytes:
    """The leaf hash of an index."""
    return leaf_hash(str(index).encode())


def set_digest(root: bytes) -> str:
    """The digest of the set with this root."""
    return _PREFIX + root.hex()


def verify_membership(index: int, found: Membership, count: int, digest: str) -> None:
    """VerificationError unless `index` is one of the `count` indexes that `digest` binds."""
    root = bytes.fromhex(_hexadecimal(digest))
    verify_inclusion(member(index), found.place, count, found.hashes, root)


def write_memberships(found: dict[int, Membership]) -> dict[str, Any]:
    """As JSON: {index: [place, [hash in base64, …]]}."""
    return {str(index): [each.place, [encode_base64(value) for value in each.hashes]] for index, each in found.items()}


def read_memberships(stored: Any) -> dict[int, Membership]:
    """The inverse of `write_memberships`; VerificationError for anything else."""
    if not isinstance(stored, dict):
        raise VerificationError("memberships are an object")
    return {decode_decimal(index, "an index"): _read(value) for index, value in stored.items()}


def _read(value: Any) -> Membership:
    place, hashes = value if isinstance(value, list) and len(value) == 2 else (None, None)
    if type(place) is not int or not isinstance(hashes, list) or not all(isinstance(each, str) for each in hashes):
        raise VerificationError("a membership is a place and a list of hashes")
    return Membership(place, tuple(decode_hash(each, "a hash") for each in hashes))


def _hexadecimal(digest: str) -> str:
    digits: Sequence[str] = digest.removeprefix(_PREFIX)
    if not digest.startswith(_PREFIX) or len(digits) != 64 or not set(digits) <= set("0123456789abcdef"):
        raise VerificationError("the digest of a set has 64 hexadecimal digits")
    return "".join(digits)
