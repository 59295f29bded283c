"""Commitments to plaintext that may have to be forgotten: the leaf binds a field without holding it.

A commitment is "hmac-sha256:" and the base64 of HMAC-SHA256(key = salt of 16 random bytes, message = canonical JSON of
the value). Salt and value, the disclosure, are kept beside the log. While they are there, anyone can check the value
against the leaf; once they are deleted, the leaf tells nothing about it, not even to somebody who guesses right.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from countersign.verify.canonical import canonical_json, parse_json
from countersign.verify.encoding import decode_base64, encode_base64
from countersign.verify.errors import VerificationError

SALT_BYTES = 16
_PREFIX = "hmac-sha256:"
_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True)


@dataclass(frozen=True, slots=True)
class Disclosure:
    """What opens one commitment. salt: 16 bytes. value: any JSON."""

    salt: bytes
    value: Any


def commitment(disclosure: Disclosure) -> str:
    """What the leaf holds in place of the value. VerificationError if the value has no canonical form."""
    # Not hmac.digest: it lets other threads in for these few bytes, and comes back late.
    made = hmac.new(disclosure.salt, canonical_json(disclosure.value), "sha256")
    return _PREFIX + encode_base64(made.digest())


def opens(disclosure: Disclosure, committed: object) -> bool:
    """Whether `disclosure` is what `committed` was made from."""
    if not isinstance(committed, str) or len(disclosure.salt) != SALT_BYTES:
        return False
    try:
        return hmac.compare_digest(commitment(disclosure).encode(), committed.encode())
    except (VerificationError, UnicodeEncodeError):
        return False


def write_disclosures(disclosures: Mapping[str, Disclosure]) -> str:
    """Disclosures as JSON text: {name: [salt in base64, value]}."""
    pairs = {name: [encode_base64(each.salt), each.value] for name, each in disclosures.items()}
    return _COMPACT.encode(pairs)


def read_disclosures(text: str) -> dict[str, Disclosure]:
    """The inverse of `write_disclosures`; VerificationError for anything else."""
    stored = parse_json(text.encode())
    if not isinstance(stored, dict) or not all(isinstance(pair, list) and len(pair) == 2 for pair in stored.values()):
        raise VerificationError("disclosures are an object of pairs")
    return {name: Disclosure(_salt(salt), value) for name, (salt, value) in stored.items()}


def _salt(text: object) -> bytes:
    if not isinstance(text, str):
        raise VerificationError("a salt is base64")
    salt = decode_base64(text, "a salt")
    if len(salt) != SALT_BYTES:
        raise VerificationError(f"a salt has {SALT_BYTES} bytes")
    return salt
