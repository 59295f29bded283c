"""Log entries as values: what is to be recorded, and what comes back.

This module does not know how a leaf is stored, and nothing of what a decision means.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeAlias

from core.errors import IntegrityError, InvalidInput, LimitExceeded
from core.media import digest_of
from countersign.verify.canonical import canonical_json
from countersign.verify.commitments import SALT_BYTES, Disclosure, commitment
from countersign.verify.errors import VerificationError
from server.audit.entries.durable import DURABLE, Durable
from server.audit.entries.leaf import MAX_LEAF_BYTES, VERSION, Facets, Reference, format_time, to_microseconds
from server.audit.entries.state import State

Kind: TypeAlias = Literal[
    "decision", "intent", "cancellation", "review", "appeal", "erasure", "retention", "configuration", "key", "policy"
]

OPERATOR = ".operator"
"""The tenant of entries about the service itself. No token can name it: tenants begin with a letter or a digit."""
MAX_NAME_CHARACTERS = 256


@dataclass(frozen=True, slots=True)
class Blob:
    """A picture, mask or text that a finding refers to. digest: `core.media.digest_of(data)`."""

    digest: str
    mime: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """Something to record.

    request_id: chosen by the caller, unique for each tenant and kind. request_digest: of the request it stands for.
    body: JSON that the leaf binds beside the envelope; MUST NOT contradict it.
    action, direction, media_digest, detected (names of detectors that detected), labels (what they looked for), codes
    (of the reasons): what entries are found by.
    evidence: stored beside the log; the leaf binds digests and types.
    actor (who asked), subject (whom the media is about or from, the caller's own opaque name, "" where not told) and
    private (further JSON by name): kept where they can be deleted; the leaf binds commitments to them.
    refers_to: the decision that this entry is about.
    durable: what a signed file is found by; the leaf commits to it as to the private field of that name.
    """

    kind: Kind
    tenant: str
    actor: str
    request_id: str
    request_digest: str
    body: Mapping[str, Any]
    action: int = 0
    direction: str = ""
    media_digest: str = ""
    detected: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    evidence: tuple[Blob, ...] = ()
    subject: str = ""
    private: Mapping[str, Any] = field(default_factory=dict)
    refers_to: Reference | None = None
    durable: Durable | None = None

    @property
    def facets(self) -> Facets:
        """What the leaf says that it is found by."""
        return Facets(
            action=self.action,
            direction=self.direction,
            detected=tuple(sorted(set(self.detected))),
            labels=tuple(sorted(set(self.labels))),
            codes=tuple(sorted(set(self.codes))),
            evidence=tuple((blob.digest, blob.mime) for blob in self.evidence),
        )


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry that stands in the log. recorded_at: aware, UTC. leaf: the exact bytes that were hashed.

    fresh: False when an earlier call recorded it. private: what is left of the plaintext that the leaf commits to.
    state: where a decision stands after its reviews and appeals; None for other kinds.
    """

    index: int
    decision_id: str
    kind: str
    tenant: str
    request_id: str
    request_digest: str
    recorded_at: datetime
    leaf: bytes
    fresh: bool
    private: Mapping[str, Disclosure] = field(default_factory=dict)
    state: State | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry with its identity, time and leaf, ready to be appended. recorded_at: microseconds since 1970, UTC."""

    entry: Entry
    decision_id: str
    recorded_at: int
    leaf: bytes
    facets: Facets
    private: Mapping[str, Disclosure]

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes an entry unique."""
        return (self.entry.tenant, self.entry.request_id, self.entry.kind)

    @property
    def byte_size(self) -> int:
        """Bytes that the draft holds in memory, roughly."""
        durable = self.entry.durable.byte_size if self.entry.durable else 0
        return len(self.leaf) + durable + sum(len(blob.data) for blob in self.entry.evidence)


def new_id(now: int, chance: Callable[[int], bytes] = os.urandom) -> str:
    """32 hexadecimal digits: a UUID of version 7 (RFC 9562), whose head is the time, so that an index of ids is
    written at its right edge. now: microseconds since 1970; the rest is 74 random bits.
    chance: gives random bytes.
    """
    drawn = int.from_bytes(chance(10))
    head = (now // 1000 & 0xFFFFFFFFFFFF) << 80 | 0x7 << 76 | (drawn & 0xFFF) << 64
    return f"{head | 0x8 << 60 | drawn >> 12 & (1 << 60) - 1:032x}"


def draft(entry: Entry, now: datetime, chance: Callable[[int], bytes] = os.urandom) -> Draft:
    """Check `entry`, name it and write its leaf. now: aware. chance: gives random bytes, for id and salts.

    Raises InvalidInput for names that cannot be stored, and for a body that is not JSON or contradicts the envelope;
    LimitExceeded for a leaf beyond 65,535 bytes; IntegrityError for evidence that differs from its digest.
    """
    _check_names(entry)
    recorded_at = to_microseconds(now)
    decision_id = new_id(recorded_at, chance)
    private = _disclose(entry, chance)
    facets = entry.facets
    leaf = _leaf(entry, facets, decision_id, recorded_at, private)
    if len(leaf) > MAX_LEAF_BYTES:
        raise LimitExceeded(
            "the log entry is too long", field="body", limit=f"{MAX_LEAF_BYTES} bytes", found=f"{len(leaf)} bytes"
        )
    for blob in entry.evidence:
        if digest_of(blob.data) != blob.digest:
            raise IntegrityError(f"evidence does not have the digest {blob.digest}")
    return Draft(entry, decision_id, recorded_at, leaf, facets, private)


def _disclose(entry: Entry, chance: Callable[[int], bytes]) -> dict[str, Disclosure]:
    """Fresh salts for everything that can be erased."""
    own: dict[str, Any] = {"actor": entry.actor}
    if entry.subject:
        own["subject"] = entry.subject
    if entry.durable is not None:
        own[DURABLE] = entry.durable.as_json()
    fields = {**own, **entry.private}
    if len(fields) != len(entry.private) + len(own):
        raise InvalidInput("private repeats a field of the entry", field="private")
    salts = chance(SALT_BYTES * len(fields))
    return {
        name: Disclosure(salts[at * SALT_BYTES : (at + 1) * SALT_BYTES], value)
        for at, (name, value) in enumerate(fields.items())
    }


def _leaf(entry: Entry, facets: Facets, decision_id: str, recorded_at: int, private: Mapping[str, Disclosure]) -> bytes:
    envelope: dict[str, Any] = {
        "v": VERSION,
        "kind": entry.kind,
        "decision_id": decision_id,
        "recorded_at": format_time(recorded_at),
        "tenant": entry.tenant,
        "request_id": entry.request_id,
        "request_digest": entry.request_digest,
        "media_digest": entry.media_digest,
        "facets": facets.as_json(),
    }
    if entry.refers_to is not None:
        envelope["refers_to"] = {
            "decision_id": entry.refers_to.decision_id,
            "log_index": entry.refers_to.log_index,
        }
    for name in envelope.keys() & entry.body.keys():
        if envelope[name] != entry.body[name]:
            raise InvalidInput(f"the body contradicts the entry in {name}", field=f"body.{name}")
    try:
        envelope["private"] = {name: commitment(each) for name, each in private.items()}
        return canonical_json({**entry.body, **envelope})
    except VerificationError as error:
        raise InvalidInput(f"the entry has no canonical form: {error}", field="body") from error


def _check_names(entry: Entry) -> None:
    names = {
        "tenant": entry.tenant,
        "request_id": entry.request_id,
        "actor": entry.actor,
        "subject": entry.subject,
    }
    for name, value in names.items():
        # PostgreSQL cannot store U+0000 in text; the two stores must accept the same entries.
        needed = name in ("tenant", "request_id")
        if len(value) > MAX_NAME_CHARACTERS or "\x00" in value or (needed and not value):
            raise InvalidInput(
                f"{name} must have {int(needed)} to {MAX_NAME_CHARACTERS} characters, none of them U+0000",
                field=name,
                limit=str(MAX_NAME_CHARACTERS),
                found=str(len(value)),
            )
