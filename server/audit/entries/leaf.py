"""Leaves: what the log hashes. Writing one, and reading any that was ever written.

A leaf is canonical JSON (`countersign.verify.canonical`). Version 2:
    {"v": 2, "kind", "decision_id", "recorded_at", "tenant", "request_id", "request_digest", "media_digest",
     "facets": {"action", "direction", "detected", "labels", "codes", "evidence": [{"digest", "mime"}]},
     "private": {name: commitment}, "refers_to": {"decision_id", "log_index"} where it refers to one, **body}
`facets` is what entries are found by; because the leaf binds it, fsck can hold the index against it. `private` commits
to fields that can be erased. `recorded_at` is RFC 3339 in UTC with microseconds: the clock of the recording host, which
may step back. The order of the log is the order of the indexes, and nothing promises that times grow with it.
Version 1 had the actor in the clear, and neither labels, codes nor commitments.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from countersign.verify.canonical import parse_canonical
from countersign.verify.errors import VerificationError

VERSION = 2
# C2SP tlog-tiles writes entry bundles with 16-bit lengths; a longer leaf could never be mirrored.
MAX_LEAF_BYTES = 0xFFFF
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Facets:
    """What an entry is found by. action: 0 where nothing was decided. detected: detectors that detected something,
    labels: what they looked for, codes: reason codes; all sorted, each once. evidence: (digest, mime).
    """

    action: int = 0
    direction: str = ""
    detected: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    evidence: tuple[tuple[str, str], ...] = ()

    def as_json(self) -> dict[str, Any]:
        """As the leaf has them."""
        return {
            "action": self.action,
            "direction": self.direction,
            "detected": list(self.detected),
            "labels": list(self.labels),
            "codes": list(self.codes),
            "evidence": [{"digest": digest, "mime": mime} for digest, mime in self.evidence],
        }


@dataclass(frozen=True, slots=True)
class Reference:
    """The decision that a review or an appeal is about."""

    decision_id: str
    log_index: int


@dataclass(frozen=True, slots=True)
class Leaf:
    """A leaf's envelope. recorded_at: as the leaf spells it. private: commitments by name. content: the whole JSON."""

    version: int
    kind: str
    decision_id: str
    tenant: str
    request_id: str
    request_digest: str
    recorded_at: str
    media_digest: str
    facets: Facets
    private: Mapping[str, str]
    refers_to: Reference | None
    content: Mapping[str, Any] = field(repr=False)

    @property
    def request(self) -> tuple[str, str]:
        """Tenant and request_id."""
        return self.tenant, self.request_id

    @classmethod
    def parse(cls, data: object) -> Leaf:
        """VerificationError unless `data` is bytes, the canonical form of an entry of a version that we know.

        Believes nothing: what fsck and the verifier hand in may hold anything.
        """
        content = _typed(parse_canonical(_typed(data, bytes)), dict)
        version = _typed(content.get("v"), int)
        if version not in (1, VERSION):
            raise VerificationError(f"not an entry of version 1 or {VERSION}")
        text = {name: _typed(content.get(name), str) for name in _TEXT}
        return cls(
            version=version,
            facets=_facets(content, version),
            private={} if version == 1 else _texts(content.get("private")),
            refers_to=_reference(content.get("refers_to")),
            content=content,
            **text,
        )


_TEXT = ("kind", "decision_id", "tenant", "request_id", "request_digest", "recorded_at", "media_digest")


def to_microseconds(moment: datetime) -> int:
    """Whole microseconds since 1970-01-01T00:00:00Z; exact, unlike `datetime.timestamp`."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def from_microseconds(value: int) -> datetime:
    """The inverse of `to_microseconds`."""
    return _EPOCH + timedelta(microseconds=value)


def format_time(value: int) -> str:
    """RFC 3339, UTC, with microseconds: one spelling for each moment."""
    return from_microseconds(value).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _facets(content: Mapping[str, Any], version: int) -> Facets:
    facets = _typed(content.get("facets"), dict)
    evidence = [_typed(item, dict) for item in _typed(facets.get("evidence"), list)]
    return Facets(
        action=_typed(facets.get("action"), int),
        direction=_typed(facets.get("direction"), str),
        detected=_names(facets.get("detected")),
        labels=_names(facets.get("labels")) if version > 1 else (),
        codes=_names(facets.get("codes")) if version > 1 else (),
        evidence=tuple((_typed(item.get("digest"), str), _typed(item.get("mime"), str)) for item in evidence),
    )


def _reference(value: Any) -> Reference | None:
    if value is None:
        return None
    found = _typed(value, dict)
    return Reference(_typed(found.get("decision_id"), str), _typed(found.get("log_index"), int))


def _names(value: Any) -> tuple[str, ...]:
    return tuple(_typed(name, str) for name in _typed(value, list))


def _texts(value: Any) -> dict[str, str]:
    return {name: _typed(text, str) for name, text in _typed(value, dict).items()}


def _typed(value: Any, kind: type) -> Any:
    if type(value) is not kind:
        raise VerificationError(f"{value!r:.40} stands where a {kind.__name__} should")
    return value
