"""What a leaf says about the rows that repeat it. Believes nothing: a leaf that fsck reads may hold anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from countersign.verify.canonical import parse_canonical
from countersign.verify.errors import VerificationError


@dataclass(frozen=True, slots=True)
class Leaf:
    """The facets of a leaf. recorded_at: as the leaf spells it. evidence: (digest, mime) pairs."""

    decision_id: str
    kind: str
    tenant: str
    request_id: str
    request_digest: str
    recorded_at: str
    media_digest: str
    action: int
    direction: str
    detected: tuple[str, ...]
    evidence: tuple[tuple[str, str], ...]

    @property
    def request(self) -> tuple[str, str]:
        """Tenant and request_id."""
        return self.tenant, self.request_id

    @classmethod
    def parse(cls, data: object) -> Leaf:
        """VerificationError unless `data` is bytes, the canonical form of a version 1 entry."""
        entry = _typed(parse_canonical(_typed(data, bytes)), dict)
        if _typed(entry.get("v"), int) != 1:
            raise VerificationError("not a version 1 entry")
        facets = _typed(entry.get("facets"), dict)
        evidence = [_typed(item, dict) for item in _typed(facets.get("evidence"), list)]
        return cls(
            decision_id=_typed(entry.get("decision_id"), str),
            kind=_typed(entry.get("kind"), str),
            tenant=_typed(entry.get("tenant"), str),
            request_id=_typed(entry.get("request_id"), str),
            request_digest=_typed(entry.get("request_digest"), str),
            recorded_at=_typed(entry.get("recorded_at"), str),
            media_digest=_typed(entry.get("media_digest"), str),
            action=_typed(facets.get("action"), int),
            direction=_typed(facets.get("direction"), str),
            detected=tuple(_typed(name, str) for name in _typed(facets.get("detected"), list)),
            evidence=tuple((_typed(item.get("digest"), str), _typed(item.get("mime"), str)) for item in evidence),
        )


def _typed(value: Any, kind: type) -> Any:
    if type(value) is not kind:
        raise VerificationError(f"{value!r:.40} stands where a {kind.__name__} should")
    return value
