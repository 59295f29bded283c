"""Logs and entries for the tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import NullPool, create_engine, text

from core.media import digest_of
from countersign.verify.note import VerifierKey
from server.audit import AuditLog, Blob, Durable, Entry, Recorded
from server.audit.operations import Appeal, Review
from server.audit.sql import schema
from server.audit.store import sqlite_url
from server.audit.tree.keys import FileSigner
from server.audit.writing.backlog import GroupLimits

ORIGIN = "log.example/test"
SIGNER = FileSigner(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
VKEY = str(VerifierKey(ORIGIN, SIGNER.public_key))


def blob(data: bytes, mime: str = "image/png") -> Blob:
    return Blob(digest_of(data), mime, data)


def decision(number: int, tenant: str = "acme", **changes: Any) -> Entry:
    """A decision about media number `number`, with every facet in use."""
    values: dict[str, Any] = {
        "kind": "decision",
        "tenant": tenant,
        "actor": "uploader",
        "request_id": f"request-{number}",
        "request_digest": digest_of(b"request %d" % number),
        "body": {"findings": [{"detector": "copy_move", "label": "cloned", "score": number / 7}]},
        "action": 1 + number % 4,
        "direction": "inbound",
        "media_digest": digest_of(b"media %d" % number),
        "detected": ("copy_move",) if number % 3 == 0 else (),
        "labels": ("cloned",) if number % 3 == 0 else (),
        "codes": ("manipulation.copy_move",) if number % 3 == 0 else ("default",),
        "subject": f"person-{number % 2}",
        "private": {"credential": {"issuer": f"Issuer {number}"}},
        "evidence": (blob(b"mask %d" % (number % 5)),) if number % 2 else (),
    }
    return Entry(**{**values, **changes})


def durable(number: int) -> Durable:
    """What signed file number `number` is found by."""
    values = (("pdq", bytes([number]) * 32), ("iscc", bytes([number + 1]) * 32), ("watermark", bytes([number]) * 6))
    return Durable(values, f"urn:c2pa:{number}", b"manifest %d" % number, b"sketch %d" % number)


_UNDECIDED: dict[str, Any] = {
    "kind": "intent",
    "action": 0,
    "detected": (),
    "labels": (),
    "codes": (),
    "evidence": (),
}


def intent(number: int, tenant: str = "acme", **changes: Any) -> Entry:
    """The intent before decision number `number`."""
    return decision(number, tenant, **{**_UNDECIDED, **changes})


def cancellation(number: int, tenant: str = "acme", **changes: Any) -> Entry:
    """The end of the work that intent number `number` announced, when nobody waited for it any more."""
    return intent(number, tenant, **{"kind": "cancellation", **changes})


def review(decided: Recorded, action: str = "ALLOW", number: int = 1, **changes: Any) -> Review:
    """A person's decision on a decision."""
    named = {"tenant": decided.tenant, "decision_id": decided.decision_id, "request_id": f"review-{number}"}
    values = {"actor": "reviewer", "action": action, "reason_code": "looked.at", "note": "seen twice"}
    return Review(**{**named, **values, **changes})


def appeal(decided: Recorded, number: int = 1, **changes: Any) -> Appeal:
    """A person's objection to a decision."""
    named = {"tenant": decided.tenant, "decision_id": decided.decision_id, "request_id": f"appeal-{number}"}
    values = {"actor": "front-end", "reason_code": "mine", "statement": "I took it", "appellant": "person-1"}
    return Appeal(**{**named, **values, **changes})


def execute(url: str, statement: str, **values: Any) -> int:
    """What somebody with access to the database could do behind the log's back; how many rows it changed."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"), poolclass=NullPool)
    with engine.begin() as connection:
        return connection.execute(text(statement), values).rowcount


def now() -> datetime:
    return datetime.now(UTC)


def new_database(directory: Path) -> str:
    url = sqlite_url(directory / "log.db")
    schema.upgrade(url)
    return url


@asynccontextmanager
async def opened(
    url: str,
    *,
    limits: GroupLimits | None = None,
    lock_timeout: float = 0.2,
    clock: Callable[[], datetime] = now,
) -> AsyncIterator[AuditLog]:
    log = await AuditLog.open(
        url, SIGNER, ORIGIN, limits=limits or GroupLimits(), lock_timeout=lock_timeout, clock=clock
    )
    try:
        yield log
    finally:
        await log.close()
