"""Proofs and keys of the log → protobuf."""

from __future__ import annotations

from countersign.v1 import audit_pb2
from countersign.v1 import common_pb2 as pb
from server.audit import ReceiptParts
from server.audit.tree.generations import Generation


def receipt(parts: ReceiptParts) -> pb.Receipt:
    """The proof that a decision stands in the log."""
    return pb.Receipt(
        decision_id=parts.decision_id,
        log_index=parts.log_index,
        entry=parts.leaf,
        proof=parts.proof,
        log_key=parts.log_key,
    )


def log_key(generation: Generation) -> audit_pb2.LogKey:
    """A key of the log, and how it came in."""
    return audit_pb2.LogKey(
        generation=generation.number,
        key=generation.vkey,
        since_size=generation.since_size,
        statement=generation.statement,
    )
