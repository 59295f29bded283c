"""What the hammer records: entries made from a name alone, so that any process can make the same one again.

The content of a name has variants, which stand for different requests under one request_id.
"""

from __future__ import annotations

import random
from typing import Any

from core.media import digest_of
from server.audit.entries.entry import Blob, Entry

TENANTS = ("hammer-north", "hammer-south")
_DETECTORS = ("copy_move", "resaving", "noise_level")
_LABELS = ("edited", "resaved")
_CODES = ("SYNTHETIC_MARK", "KNOWN_CONTENT", "NO_CREDENTIAL")
_LARGEST = 40_000
_SMALL = 64


def decision(tenant: str, name: str, subject: str, variant: int = 0) -> Entry:
    """A decision. subject: whom it is about. variant 0 is the request itself, others pretend to be it."""
    chance = random.Random(f"{tenant} {name} {variant}")  # noqa: S311 - a load, not a secret
    return Entry(
        kind="decision",
        tenant=tenant,
        actor=f"actor-{chance.randrange(8)}",
        request_id=name,
        request_digest=digest_of(f"{name} {variant}".encode()),
        body=_body(chance, variant),
        action=chance.choice((1, 1, 1, 2, 3, 4)),
        direction=chance.choice(("inbound", "outbound")),
        media_digest=digest_of(f"media of {name} {variant}".encode()),
        detected=_some(chance, _DETECTORS),
        labels=_some(chance, _LABELS),
        codes=_some(chance, _CODES),
        evidence=_evidence(chance),
        subject=subject,
    )


def intent(tenant: str, name: str) -> Entry:
    """The intent before the decision of the same name."""
    return Entry(
        kind="intent",
        tenant=tenant,
        actor="actor-0",
        request_id=name,
        request_digest=digest_of(f"{name} 0".encode()),
        body={"order": name},
        direction="outbound",
    )


def _body(chance: random.Random, variant: int) -> dict[str, Any]:
    findings = [{"detector": name, "score": chance.random()} for name in _DETECTORS]
    return {"variant": variant, "findings": findings, "filler": "é" * (_size(chance) // 2)}


def _size(chance: random.Random) -> int:
    """Bytes: mostly about a kilobyte, now and then nearly as many as a leaf can hold."""
    return min(_LARGEST, int(_SMALL * 2.0 ** chance.expovariate(0.35)))


def _some(chance: random.Random, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in names if chance.random() < 0.3)


def _evidence(chance: random.Random) -> tuple[Blob, ...]:
    if chance.random() > 0.1:
        return ()
    # Ten pictures that come again and again, as masks of flat pictures do.
    data = b"mask %d " % chance.randrange(10) * chance.randrange(1, 200)
    return (Blob(digest_of(data), "image/png", data),)
