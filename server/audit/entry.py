"""Log entries as values: what is recorded, what comes back, and the canonical leaf that binds it.

A leaf is the canonical JSON (`countersign.verify.canonical`) of
    {"v": 1, "kind", "decision_id", "recorded_at", "tenant", "actor", "request_id", "request_digest",
     "media_digest", "facets": {"action", "direction", "detected", "evidence"}, **body}
`facets` is what the tables are filtered by; because the leaf binds it, fsck can hold every table against it.
`recorded_at` is RFC 3339 in UTC with microseconds. It is the clock of the recording host, which may step back:
the order of the log is the order of the indexes, and nothing promises that times grow with it.
This module does not know how a leaf is stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, TypeAlias

from core.errors import IntegrityError, InvalidInput, LimitExceeded
from core.media import digest_of
from countersign.verify.canonical import canonical_json
from countersign.verify.errors import VerificationError

Kind: TypeAlias = Literal["decision", "intent"]

# C2SP tlog-tiles writes entry bundles with 16-bit lengths; a longer leaf could never be mirrored.
MAX_LEAF_BYTES = 0xFFFF
MAX_NAME_CHARACTERS = 256
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Blob:
    """A picture, mask or text that a finding refers to. digest: `core.media.digest_of(data)`."""

    digest: str
    mime: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """Something to record.

    kind: "intent" before work that cannot be undone, "decision" for its outcome or for a screening.
    request_id: chosen by the caller, unique for each tenant and kind. request_digest: of the request it stands for.
    body: JSON that the leaf binds beside the envelope; MUST NOT contradict it.
    action, direction, media_digest, detected (names of detectors that detected): what decisions are filtered by.
    evidence: stored beside the log; the leaf binds digests and types.
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
    evidence: tuple[Blob, ...] = ()


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry that stands in the log. recorded_at: aware, UTC. leaf: the exact bytes that were hashed.

    fresh: False when an earlier call recorded it.
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


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry with its identity, time and leaf, ready to be appended. recorded_at: microseconds since 1970, UTC."""

    entry: Entry
    decision_id: str
    recorded_at: int
    leaf: bytes

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes an entry unique."""
        return (self.entry.tenant, self.entry.request_id, self.entry.kind)

    @property
    def byte_size(self) -> int:
        """Bytes that the draft holds in memory, roughly."""
        return len(self.leaf) + sum(len(blob.data) for blob in self.entry.evidence)


def draft(entry: Entry, decision_id: str, now: datetime) -> Draft:
    """Check `entry` and write its leaf. now: aware.

    Raises InvalidInput for names that cannot be stored, and for a body that is not JSON or contradicts the envelope;
    LimitExceeded for a leaf beyond 65,535 bytes; IntegrityError for evidence that differs from its digest.
    """
    _check_names(entry)
    recorded_at = to_microseconds(now)
    leaf = _leaf(entry, decision_id, recorded_at)
    if len(leaf) > MAX_LEAF_BYTES:
        raise LimitExceeded(
            "the log entry is too long", field="body", limit=f"{MAX_LEAF_BYTES} bytes", found=f"{len(leaf)} bytes"
        )
    for blob in entry.evidence:
        if digest_of(blob.data) != blob.digest:
            raise IntegrityError(f"evidence does not have the digest {blob.digest}")
    return Draft(entry, decision_id, recorded_at, leaf)


def facets_of(entry: Entry) -> dict[str, Any]:
    """The part of the leaf that the tables repeat."""
    return {
        "action": entry.action,
        "direction": entry.direction,
        "detected": sorted(set(entry.detected)),
        "evidence": [{"digest": blob.digest, "mime": blob.mime} for blob in entry.evidence],
    }


def to_microseconds(moment: datetime) -> int:
    """Whole microseconds since 1970-01-01T00:00:00Z; exact, unlike `datetime.timestamp`."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def from_microseconds(value: int) -> datetime:
    """The inverse of `to_microseconds`."""
    return _EPOCH + timedelta(microseconds=value)


def format_time(value: int) -> str:
    """RFC 3339, UTC, with microseconds: one spelling for each moment."""
    return from_microseconds(value).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _leaf(entry: Entry, decision_id: str, recorded_at: int) -> bytes:
    envelope = {
        "v": 1,
        "kind": entry.kind,
        "decision_id": decision_id,
        "recorded_at": format_time(recorded_at),
        "tenant": entry.tenant,
        "actor": entry.actor,
        "request_id": entry.request_id,
        "request_digest": entry.request_digest,
        "media_digest": entry.media_digest,
        "facets": facets_of(entry),
    }
    for name in envelope.keys() & entry.body.keys():
        if envelope[name] != entry.body[name]:
            raise InvalidInput(f"the body contradicts the entry in {name}", field=f"body.{name}")
    try:
        return canonical_json({**entry.body, **envelope})
    except VerificationError as error:
        raise InvalidInput(f"the entry has no canonical form: {error}", field="body") from error


def _check_names(entry: Entry) -> None:
    names = {"tenant": entry.tenant, "request_id": entry.request_id, "actor": entry.actor}
    for field, value in names.items():
        # PostgreSQL cannot store U+0000 in text; the two stores must accept the same entries.
        if len(value) > MAX_NAME_CHARACTERS or "\x00" in value or (not value and field != "actor"):
            raise InvalidInput(
                f"{field} must have 1 to {MAX_NAME_CHARACTERS} characters, none of them U+0000",
                field=field,
                limit=str(MAX_NAME_CHARACTERS),
                found=str(len(value)),
            )
