"""Terms of the inverted index, and keys of requests: hashes, so that every row of an index is as short as can be.

A posting says that the entry at `log_index` may be found by a term, one filter's value in one tenant's log. Terms are
64 bits of SHA-256: two may collide, so readers MUST hold what they find against the leaf. This module knows no SQL.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import lru_cache

from server.audit.entries.leaf import Facets

ALL = "all"
ACTION = "action"
DETECTOR = "detector"
LABEL = "label"
CODE = "code"
DIGEST = "digest"
SUBJECT = "subject"
STATE = "state"
POLICY = "policy"
LIVE = "live"

REQUEST_KEY_BYTES = 16


CLOSING = ("decision", "cancellation")
"""Kinds of entries that say what became of an intent."""


def request_key(tenant: str, request_id: str, kind: str) -> bytes:
    """16 bytes that stand for one request: an entry of a kind is recorded once for each. No name holds U+0000."""
    return hashlib.sha256(f"{kind}\0{tenant}\0{request_id}".encode()).digest()[:REQUEST_KEY_BYTES]


def closing_keys(tenant: str, request_id: str) -> list[bytes]:
    """The keys of the entries of which any one closes the intent of a request."""
    return [request_key(tenant, request_id, kind) for kind in CLOSING]


def term(tenant: str, name: str, value: str = "") -> int:
    """The term of one value: a signed 64-bit integer."""
    return int.from_bytes(hashlib.sha256(f"{tenant}\0{name}\0{value}".encode()).digest()[:8], signed=True)


# The few values that come again and again; digests and subjects are as many as there is media.
_common = lru_cache(maxsize=4096)(term)


def terms_of(tenant: str, facets: Facets, media_digest: str, subject: str = "") -> list[int]:
    """Every term by which a decision is found from its leaf, and by its subject while that is not erased.

    The state is not among them: it changes (`entries.state`).
    """
    found = [_common(tenant, ALL), _common(tenant, ACTION, str(facets.action))]
    found += _each(tenant, DETECTOR, facets.detected)
    found += _each(tenant, LABEL, facets.labels)
    found += _each(tenant, CODE, facets.codes)
    if media_digest:
        found.append(term(tenant, DIGEST, media_digest))
    return found + subject_terms(tenant, subject)


def subject_terms(tenant: str, subject: str) -> list[int]:
    """The term by which an entry of any kind is found from the person it is about, if it is about one."""
    return [term(tenant, SUBJECT, subject)] if subject else []


def policy_terms(tenant: str, digest: str, *, moves: bool) -> list[int]:
    """The terms of a step in the life of a policy: of all steps, of those of one version, and of those that changed
    which version decides. moves: whether this one did.
    """
    found = [term(tenant, POLICY), term(tenant, POLICY, digest)]
    return [*found, term(tenant, POLICY, LIVE)] if moves else found


def state_term(tenant: str, state: str) -> int:
    """The term of decisions in a state."""
    return _common(tenant, STATE, state)


def _each(tenant: str, name: str, values: Iterable[str]) -> list[int]:
    return [_common(tenant, name, value) for value in values]
