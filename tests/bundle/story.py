"""A small log with one decision and all that can belong to one, without a server: real leaves, proofs by definition."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from core.media import digest_of
from countersign.verify.canonical import canonical_json
from countersign.verify.case import layout, write_case
from countersign.verify.case.setting import digest_of_configuration
from countersign.verify.checkpoint import Checkpoint, sign_checkpoint
from countersign.verify.commitments import Disclosure
from countersign.verify.note import VerifierKey
from countersign.verify.tlog_proof import TlogProof
from server.audit.entries.entry import OPERATOR, Blob, Draft, Entry, draft
from server.audit.entries.leaf import Reference
from tests.verify import naive

ORIGIN = "log.example/cases"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
VKEY = VerifierKey(ORIGIN, KEY.public_key().public_bytes_raw())
MEDIA = b"the picture itself"
POLICY = b"id: house-rules\nversion: '1'\n"
CARDS = {"copy_move": b"# copy_move\n", "metadata": b"# metadata\n", "upscale": b"# upscale\n"}
TRUST = b"-----BEGIN CERTIFICATE-----\n"
VERSIONS = {name: digest_of(name.encode()) for name in CARDS}
START = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


def png(width: int = 8, height: int = 8, grey: int = 200) -> bytes:
    """A small real picture."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4) + name + data + zlib.crc32(name + data).to_bytes(4)

    header = width.to_bytes(4) + height.to_bytes(4) + bytes([8, 0, 0, 0, 0])
    rows = zlib.compress((b"\0" + bytes([grey]) * width) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


MASK = png()
TEXT = b"Software: Midjourney <script>alert(1)</script>"


def blob(data: bytes, mime: str) -> Blob:
    return Blob(digest_of(data), mime, data)


def configuration_content(**changes: Any) -> dict[str, Any]:
    roles = {"upscale": "generator"}
    return {
        "policy": {"id": "house-rules", "digest": digest_of(POLICY)},
        "models": [
            {"role": roles.get(name, "detector"), "name": name, "version": VERSIONS[name], "card": digest_of(card)}
            for name, card in sorted(CARDS.items())
        ],
        "trust": digest_of(TRUST),
        "release": "0.2.0",
        **changes,
    }


def finding(name: str, verdict: str, **more: Any) -> dict[str, Any]:
    return {
        "detector": name,
        "version": VERSIONS[name],
        "label": name,
        "verdict": verdict,
        "score_scale": "",
        "codes": [],
        "explanation": "Because of what was seen.",
        "limits": "It cannot see everything.",
        "evidence": [],
        **more,
    }


def decision_body(**changes: Any) -> dict[str, Any]:
    shown = [{"kind": "mask", "mime": "image/png", "digest": digest_of(MASK), "caption": "where it was copied"}]
    read = [{"kind": "text", "mime": "text/plain", "digest": digest_of(TEXT), "caption": "what the metadata say"}]
    body = {
        "direction": "inbound",
        "media_digest": digest_of(MEDIA),
        "media": {"mime": "image/jpeg", "byte_size": 18, "width": 640, "height": 480, "kind": "image", "duration": 0},
        "context": {"surface": "feed", "jurisdiction": "DE", "task": ""},
        "findings": [
            finding("copy_move", "detected", probability=0.931, log10_lr=2.25, fpr_at_threshold=0.01, evidence=shown),
            finding("metadata", "detected", score=1.0, codes=["iptc.trainedAlgorithmicMedia"], evidence=read),
        ],
        "credential": {"state": "none", "codes": [], "digital_source_types": [], "trust": digest_of(TRUST)},
        "action": "REVIEW",
        "reasons": [
            {"rule": "copied", "code": "copy_move", "text": "Copied.", "action": "REVIEW", "operands": {"p": "0.931"}}
        ],
        "shadow": [],
        "policy": {"id": "house-rules", "digest": digest_of(POLICY)},
        "configuration": digest_of_configuration(configuration_content()),
    }
    return {name: value for name, value in {**body, **changes}.items() if value is not None}


ACTIONS = {"ALLOW": 1, "LABEL": 2, "REVIEW": 3, "BLOCK": 4}
NAMED = {"credential": {"issuer": "Example Camera", "claim_generator": "cam/1", "manifest_id": "urn:1"}}


def decision_entry(request_id: str = "order-1", private: Mapping[str, Any] = NAMED, **changes: Any) -> Entry:
    """A decision to record. changes: of its body."""
    body = decision_body(**changes)
    blobs = {digest_of(MASK): blob(MASK, "image/png"), digest_of(TEXT): blob(TEXT, "text/plain")}
    named = [each["digest"] for finding in body.get("findings", ()) for each in finding["evidence"]]
    return Entry(
        kind="decision",
        tenant="acme",
        actor="token-7",
        request_id=request_id,
        request_digest=digest_of(request_id.encode()),
        body=body,
        action=ACTIONS.get(body.get("action", ""), 0),
        direction=body["direction"],
        media_digest=body["media_digest"],
        evidence=tuple(blobs[digest] for digest in named),
        subject="user-1234",
        private=private,
    )


@dataclass
class Ledger:
    """A log in memory. documents, evidence: what is kept beside it."""

    drafts: list[Draft] = field(default_factory=list)
    at: datetime = START

    def record(self, kind: Any, body: Mapping[str, Any], **changes: Any) -> int:
        values: dict[str, Any] = {
            "kind": kind,
            "tenant": "acme",
            "actor": "token-7",
            "request_id": f"request-{len(self.drafts)}",
            "request_digest": digest_of(b"request"),
            "body": body,
            **changes,
        }
        return self.add(Entry(**values))

    def add(self, entry: Entry) -> int:
        self.at += timedelta(minutes=7)
        self.drafts.append(draft(entry, self.at))
        return len(self.drafts) - 1

    def note(self, size: int | None = None, key: Ed25519PrivateKey = KEY) -> str:
        leaves = [each.leaf for each in self.drafts[:size]]
        signer = VerifierKey(ORIGIN, key.public_key().public_bytes_raw())
        return sign_checkpoint(Checkpoint(ORIGIN, len(leaves), naive.tree_hash(leaves)), signer, key.sign)

    def receipt(self, index: int, note: str | None = None, key: VerifierKey = VKEY) -> dict[str, Any]:
        made, leaves = self.drafts[index], [each.leaf for each in self.drafts]
        proof = TlogProof(index, tuple(naive.path(index, leaves)), note or self.note())
        return {
            "decision_id": made.decision_id,
            "log_index": index,
            "entry": made.leaf.decode(),
            "proof": str(proof),
            "log_key": str(key),
        }

    def configure(self, **changes: Any) -> int:
        content = {"configuration": configuration_content(**changes)}
        return self.record("configuration", content, tenant=OPERATOR, actor="")

    def decide(self, **changes: Any) -> int:
        return self.add(decision_entry(**changes))

    def event(self, kind: str, decision: int, before: tuple[int, str, int], **changes: Any) -> int:
        """A review or an appeal. before: action, review state and last index that it finds."""
        action, review, last = before
        body = {"before": {"action": action, "review": review, "last_index": last}, "reason_code": "looked", **changes}
        private = {"note": "A person looked."} if kind == "review" else {"statement": "It is my own photograph."}
        return self.record(
            kind,
            body,
            action=ACTIONS.get(str(body.get("action", "")), 0),
            private=private,
            refers_to=Reference(self.drafts[decision].decision_id, decision),
        )


@dataclass
class Told:
    """What goes into a case, by the role that it has there. A test takes parts away, or puts others in."""

    ledger: Ledger
    decision: int
    history: list[int] = field(default_factory=list)
    intent: int | None = None
    configuration: int | None = None
    removals: list[int] = field(default_factory=list)
    hidden: set[tuple[int, str]] = field(default_factory=set)
    evidence: list[Blob] = field(default_factory=lambda: [blob(MASK, "image/png"), blob(TEXT, "text/plain")])
    documents: list[tuple[bytes, str]] = field(
        default_factory=lambda: [
            (POLICY, "application/yaml"),
            (TRUST, "text/plain"),
            *((card, "text/markdown") for card in CARDS.values()),
        ]
    )
    keys: list[dict[str, Any]] = field(default_factory=lambda: [{"vkey": str(VKEY), "since_size": 0, "statement": ""}])
    note: str = ""
    key: VerifierKey = VKEY

    def entries(self) -> dict[str, int]:
        found = {layout.RECEIPT: self.decision}
        found |= {layout.history_file(number): index for number, index in enumerate(self.history, 1)}
        found |= {layout.removal_file(number): index for number, index in enumerate(self.removals, 1)}
        if self.intent is not None:
            found[layout.INTENT] = self.intent
        if self.configuration is not None:
            found[layout.CONFIGURATION] = self.configuration
        return found

    def disclosures(self) -> dict[int, dict[str, Disclosure]]:
        return {
            index: {
                name: each
                for name, each in self.ledger.drafts[index].private.items()
                if (index, name) not in self.hidden
            }
            for index in sorted(set(self.entries().values()))
        }

    def parts(self) -> dict[str, bytes]:
        note = self.note or self.ledger.note()
        parts = {
            name: canonical_json(self.ledger.receipt(index, note, self.key)) for name, index in self.entries().items()
        }
        parts |= {
            layout.DISCLOSURES: layout.disclosures_file(self.disclosures()),
            layout.CHECKPOINT: note.encode(),
            layout.KEYS: layout.keys_file(self.keys),
        }
        parts |= {layout.evidence_file(each.digest, each.mime): each.data for each in self.evidence}
        parts |= {layout.document_file(digest_of(data), mime): data for data, mime in self.documents}
        return parts

    def case(self) -> bytes:
        return write_case(self.parts())


def full_story() -> Told:
    """A decision REVIEW, reviewed as BLOCK, appealed, and overturned to LABEL; others' entries in between."""
    ledger = Ledger()
    configuration = ledger.configure()
    ledger.decide(media_digest=digest_of(b"another"), action="ALLOW")
    decision = ledger.decide()
    first = ledger.event("review", decision, (3, "awaiting", decision), action="BLOCK", outcome="resolved")
    ledger.decide(media_digest=digest_of(b"a third"), action="BLOCK")
    appeal = ledger.event("appeal", decision, (4, "resolved", first))
    last = ledger.event("review", decision, (4, "appealed", appeal), action="LABEL", outcome="overturned")
    ledger.decide(media_digest=digest_of(b"a fourth"), action="LABEL")
    return Told(ledger, decision, [first, appeal, last], configuration=configuration)
