"""Receipts as JSON: the one place where the protobuf form becomes the stored form, and where it is found again.

    {"decision_id": str, "log_index": int, "entry": str, "proof": str, "log_key": str}

`entry` holds the exact UTF-8 bytes of the log's leaf; a tool that re-serialises it would break the proof. Whether a
receipt is true is the business of `countersign.verify`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from countersign.errors import CorruptAnswer, UnusableFile
from countersign.uploads import Upload
from countersign.v1 import common_pb2
from countersign.verify.canonical import parse_json
from countersign.verify.errors import VerificationError

# A receipt is some kilobytes; the output of a large `screen --json` may hold many findings around it.
MAX_BYTES = 64 * 1024 * 1024


def receipt_json(receipt: common_pb2.Receipt) -> dict[str, Any]:
    """The stored form. Raises CorruptAnswer for a leaf that is not UTF-8."""
    try:
        entry = receipt.entry.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CorruptAnswer("the receipt's log entry is not UTF-8", field="receipt.entry") from error
    return {
        "decision_id": receipt.decision_id,
        "log_index": receipt.log_index,
        "entry": entry,
        "proof": receipt.proof,
        "log_key": receipt.log_key,
    }


def read_receipt(path: Path) -> dict[str, Any]:
    """The one receipt in a JSON file: a receipt by itself, or the output of `screen --json` or `enhance --json`.

    Raises UnusableFile when the file is no strict JSON, or holds no receipt, or more than one.
    """
    data = Upload.of(path).read(limit=MAX_BYTES)
    try:
        document = parse_json(data)
    except VerificationError as error:
        told = f"{path} is neither a receipt nor the output of a command with --json ({error})"
        raise UnusableFile(told, field="file") from error
    found = list(receipts_in(document))
    if len(found) != 1:
        raise UnusableFile(f"{path} holds {len(found)} receipts", field="file", limit="1", found=str(len(found)))
    return found[0]


def receipts_in(document: Any) -> Iterator[dict[str, Any]]:
    """The receipts in a document: itself, under its "receipt", or in each element of an array."""
    if isinstance(document, list):
        for element in document:
            yield from receipts_in(element)
    elif isinstance(document, dict):
        if "receipt" in document:
            yield from receipts_in(document["receipt"])
        elif "entry" in document and "proof" in document:
            yield document
