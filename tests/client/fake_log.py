"""A log that signs for real, with one entry a tree: receipts of the fake server can be verified offline."""

from __future__ import annotations

from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from countersign.v1 import common_pb2
from countersign.verify.canonical import canonical_json
from countersign.verify.checkpoint import Checkpoint, sign_checkpoint
from countersign.verify.merkle import leaf_hash
from countersign.verify.note import VerifierKey
from countersign.verify.tlog_proof import TlogProof


class FakeLog:
    """Issues receipts under a key of its own."""

    def __init__(self) -> None:
        self._private = Ed25519PrivateKey.generate()
        self.key = VerifierKey("fake.test/log", self._private.public_key().public_bytes_raw())

    def checkpoint(self, entry: bytes) -> str:
        """The signed head of a tree that holds only this entry."""
        return sign_checkpoint(Checkpoint(self.key.name, 1, leaf_hash(entry)), self.key, self._private.sign)

    def receipt(self, decision: common_pb2.Decision) -> common_pb2.Receipt:
        """A receipt that holds."""
        content: dict[str, Any] = {
            "v": 1,
            "kind": "decision",
            "decision_id": decision.decision_id,
            "media_digest": decision.media_digest,
            "recorded_at": "2026-01-01T00:00:00Z",
            "surface": "Grüße",
        }
        entry = canonical_json(content)
        proof = str(TlogProof(0, (), self.checkpoint(entry)))
        return common_pb2.Receipt(
            decision_id=decision.decision_id, log_index=0, entry=entry, proof=proof, log_key=str(self.key)
        )
