"""One screened or made file of the demo, with what was answered."""

from __future__ import annotations

from dataclasses import dataclass

from countersign.v1 import common_pb2


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the closing table. media: the bytes that the receipt speaks of."""

    file: str
    media: bytes
    decision: common_pb2.Decision
    receipt: common_pb2.Receipt
