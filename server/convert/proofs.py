"""Proofs and keys of the log → protobuf."""

from __future__ import annotations

from countersign.v1 import common_pb2 as pb
from server.audit import ReceiptParts


def receipt(parts: ReceiptParts) -> pb.Receipt:
    """The proof that a decision stands in the log."""
    return pb.Receipt(
        decision_id=parts.decision_id,
        log_index=parts.log_index,
        entry=parts.leaf,
        proof=parts.proof,
        log_key=parts.log_key,
    )
