"""Receipts, held against the log's key as somebody without the log would do it."""

from __future__ import annotations

from countersign.verify.checks import passed
from countersign.verify.receipt import verify_receipt
from countersign.verify.tlog_proof import TlogProof
from server.audit.tree.receipts import ReceiptParts


def receipt_fault(parts: ReceiptParts, vkey: str) -> str:
    """Why a receipt does not hold; "" if it does. vkey: the log's verifier key."""
    receipt = parts.as_json()
    checks = verify_receipt(receipt, None, vkey)
    if passed(checks):
        return ""
    return "; ".join(check.detail for check in checks if not check.ok) or "nothing was checked"


def checkpoint_of(parts: ReceiptParts) -> str:
    """The signed note within a receipt."""
    return TlogProof.parse(parts.proof).checkpoint
