"""Recorded decisions for the tests, made by the log's own drafting, and a log that holds them in memory."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from core.media import digest_of
from countersign.verify.checkpoint import Checkpoint, sign_checkpoint
from countersign.verify.note import VerifierKey
from policies.base import Action
from server.audit.entries.entry import Entry, Kind, Recorded, draft
from server.audit.entries.leaf import Reference
from server.audit.entries.state import Event, fold, outcome
from server.audit.export import Format, export
from server.audit.export.dsa.mapping import DsaMapping
from server.audit.reading.listing import Page
from server.audit.reading.matching import Filter, matches
from server.audit.reading.queries import History
from server.audit.tree.receipts import SignedCheckpoint
from server.convert import decision_view

TENANT = "acme"
START = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY = VerifierKey("log.example/export", PRIVATE.public_key().public_bytes_raw())


def finding(**changes: Any) -> dict[str, Any]:
    """As `server.record.finding_json` writes one."""
    return {
        "detector": "copy_move",
        "version": digest_of(b"weights"),
        "label": "copy_move",
        "verdict": "detected",
        "score_scale": "matched keypoints",
        "calibration": digest_of(b"calibration"),
        "codes": ["copy_move.region"],
        "explanation": "a region was copied",
        "limits": "flat areas",
        "evidence": [{"kind": "mask", "mime": "image/png", "digest": digest_of(b"mask"), "caption": "where"}],
        "probability": 0.9375,
        "score": 31.0,
        **changes,
    }


def reason(action: str = "BLOCK", **changes: Any) -> dict[str, Any]:
    """As `server.record.reason_json` writes one."""
    return {
        "rule": "copied-region",
        "code": "copy_move",
        "text": "Part of the picture is a copy of another part.",
        "action": action,
        "operands": {"copy_move.detected": "true"},
        **changes,
    }


def body(action: str = "BLOCK", **changes: Any) -> dict[str, Any]:
    """A decision's body."""
    return {
        "direction": "inbound",
        "media_digest": digest_of(b"media"),
        "media": {
            "kind": "image",
            "mime": "image/jpeg",
            "byte_size": 12345,
            "width": 640,
            "height": 480,
            "duration": 0.0,
        },
        "context": {"surface": "feed", "jurisdiction": "DE", "task": ""},
        "findings": [finding()],
        "credential": {"state": "none", "codes": [], "digital_source_types": [], "trust": digest_of(b"trust")},
        "action": action,
        "reasons": [reason(action)],
        "shadow": [],
        "policy": {"id": "platform-default", "digest": digest_of(b"policy")},
        **changes,
    }


def refusal(**changes: Any) -> dict[str, Any]:
    """The body of a refusal."""
    told = {"error": "InvalidInput", "field": "media", "limit": "JPEG", "found": "text", "message": "not read"}
    return {"direction": "inbound", "media_digest": "", "refusal": told, **changes}


def entry_of(content: Mapping[str, Any], number: int = 0, **changes: Any) -> Entry:
    """The entry that the server would write for a body."""
    action = Action[content["action"]] if "action" in content else 0
    values: dict[str, Any] = {
        "kind": "decision",
        "tenant": TENANT,
        "actor": "upload-frontend",
        "request_id": f"request-{number}",
        "request_digest": digest_of(b"%d" % number),
        "body": content,
        "action": int(action),
        "direction": content["direction"],
        "media_digest": content["media_digest"],
        "detected": tuple(each["detector"] for each in content.get("findings", ()) if each["verdict"] == "detected"),
        "codes": tuple(each["code"] for each in content.get("reasons", ())),
        **changes,
    }
    return Entry(**values)


def review_of(decision: Recorded, action: str, before: Action, number: int = 0, code: str = "second-look") -> Entry:
    """A review as the server would write it."""
    content = {"outcome": outcome(before, Action[action]).value, "action": action, "reason_code": code}
    return Entry(
        kind="review",
        tenant=TENANT,
        actor="reviewer",
        request_id=f"review-{number}",
        request_digest=digest_of(b"review %d" % number),
        body=content,
        action=int(Action[action]),
        codes=(code,),
        refers_to=Reference(decision.decision_id, decision.index),
    )


class MemoryLog:
    """What an export reads, over a list. Pages are short, so that there are several."""

    page = 3

    def __init__(self, clock: datetime = START) -> None:
        self.records: list[Recorded] = []
        self.clock = clock
        self.asked: list[str] = []

    def append(self, entry: Entry, after: timedelta = timedelta(seconds=1)) -> Recorded:
        """Record an entry `after` the one before."""
        self.clock += after
        drafted = draft(entry, self.clock)
        kind: Kind = entry.kind
        recorded = Recorded(
            index=len(self.records),
            decision_id=drafted.decision_id,
            kind=kind,
            tenant=entry.tenant,
            request_id=entry.request_id,
            request_digest=entry.request_digest,
            recorded_at=self.clock,
            leaf=drafted.leaf,
            fresh=True,
            private=drafted.private,
            state=fold(entry.action, len(self.records), ()) if kind == "decision" else None,
        )
        self.records.append(recorded)
        return recorded

    def decide(self, content: Mapping[str, Any], **changes: Any) -> Recorded:
        """Record a decision."""
        return self.append(entry_of(content, len(self.records), **changes))

    def review(self, decision: Recorded, action: str, after: timedelta = timedelta(days=3), **changes: Any) -> Recorded:
        """Record a review of it."""
        state = self._now(decision).state
        assert state is not None
        before = Action(state.action)
        return self.append(review_of(decision, action, before, len(self.records), **changes), after)

    async def checkpoint(self) -> SignedCheckpoint:
        size = len(self.records)
        text = sign_checkpoint(Checkpoint(KEY.name, size, bytes(32)), KEY, PRIVATE.sign)
        return SignedCheckpoint(text, str(KEY), size)

    async def list(self, tenant: str, filter: Filter, page_size: int = 0, page_token: str = "") -> Page:  # noqa: A002
        await asyncio.sleep(0)
        before = int(page_token or len(self.records))
        found = [self._now(each) for each in reversed(self.records[:before]) if each.kind == "decision"]
        page = [each for each in found if matches(each, tenant, filter)][: self.page]
        return Page(tuple(page), str(page[-1].index) if len(page) == self.page else "")

    async def history(self, tenant: str, decision_id: str) -> History:
        self.asked.append(decision_id)
        (decision,) = (each for each in self.records if each.decision_id == decision_id)
        return History(self._now(decision), tuple(self._events(decision)))

    def _events(self, decision: Recorded) -> Sequence[Recorded]:
        referring = [(each, json.loads(each.leaf).get("refers_to")) for each in self.records]
        return [each for each, about in referring if about and about["log_index"] == decision.index]

    def _now(self, decision: Recorded) -> Recorded:
        events = [
            Event(each.kind, json.loads(each.leaf)["facets"]["action"], each.index) for each in self._events(decision)
        ]
        first = json.loads(decision.leaf)["facets"]["action"]
        return Recorded(
            **{
                name: getattr(decision, name)
                for name in Recorded.__dataclass_fields__
                if name not in ("state", "fresh")
            },
            fresh=False,
            state=fold(first, decision.index, events),
        )


async def exported(
    log: Any, form: Format, wanted: Filter | None = None, mapping: DsaMapping | None = None, tenant: str = TENANT
) -> bytes:
    """The whole file."""
    return b"".join([piece async for piece in export(log, tenant, wanted or Filter(), form, decision_view, mapping)])


async def lines(log: Any, form: Format, **how: Any) -> list[dict[str, Any]]:
    """The JSON objects of a file of lines."""
    return [json.loads(line) for line in (await exported(log, form, **how)).splitlines()]
