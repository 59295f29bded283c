"""Receipts: whether a decision stands in the log, checked offline, step by step.

A receipt is the JSON object {"decision_id", "log_index", "entry", "proof", "log_key"}: `entry` is the exact
canonical-JSON text of the log entry, `proof` a C2SP tlog-proof@v1, `log_key` the log's C2SP verifier key.
This module does not know where a receipt came from, and it trusts no part of one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from countersign.verify.canonical import parse_canonical, parse_json
from countersign.verify.checkpoint import Checkpoint, open_checkpoint
from countersign.verify.errors import VerificationError
from countersign.verify.merkle import leaf_hash, verify_inclusion
from countersign.verify.note import VerifierKey
from countersign.verify.tlog_proof import TlogProof

_FIELDS: Mapping[str, type] = {"decision_id": str, "log_index": int, "entry": str, "proof": str, "log_key": str}
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Check:
    """One step. name: "form", "key", "checkpoint", "inclusion", "entry" or "media". detail: for people."""

    name: str
    ok: bool
    detail: str


@dataclass(frozen=True, slots=True)
class _Receipt:
    decision_id: str
    entry: bytes
    proof: TlogProof
    log_key: str


def parse_receipt(data: bytes) -> dict[str, Any]:
    """The JSON object in `data`; VerificationError for anything else, repeated keys included."""
    value = parse_json(data)
    if not isinstance(value, dict):
        raise VerificationError("a receipt is a JSON object")
    return value


def verify_receipt(receipt: Mapping[str, Any], media: bytes | None, log_key: str | None) -> list[Check]:
    """Every check in order; the receipt holds if all are ok. Never raises for malformed input.

    media: the file to hold against the entry; None leaves the media check out of the list.
    log_key: the log's verifier key from a source you trust; None takes the receipt's own, and says so.
    """
    # 1. The receipt is well-formed: exactly the known fields, each of its type, and a strict tlog-proof.
    form, parsed = _step("form", lambda: _read(receipt))
    if parsed is None:
        return [form]
    # 2. The key: pinned by the caller, or else the receipt's own.
    pinning, key = _step("key", lambda: _key(parsed, log_key))
    # 3. The log signed the checkpoint with that key.
    signing, checkpoint = _step("checkpoint", lambda: _checkpoint(parsed, key))
    # 4. SHA-256(0x00 || entry) stands at the index, under the checkpoint's root.
    inclusion, _ = _step("inclusion", lambda: _inclusion(parsed, checkpoint))
    # 5. The entry is canonical and about this decision.
    content, entry = _step("entry", lambda: _entry(parsed))
    checks = [form, pinning, signing, inclusion, content]
    # 6. The file is the one that the entry names.
    if media is not None:
        checks.append(_step("media", lambda: _media(media, entry))[0])
    return checks


def _step(name: str, work: Callable[[], tuple[str, _Value]]) -> tuple[Check, _Value | None]:
    try:
        detail, value = work()
    except VerificationError as error:
        return Check(name, False, str(error)), None
    return Check(name, True, detail), value


def _read(receipt: Mapping[str, Any]) -> tuple[str, _Receipt]:
    if not isinstance(receipt, Mapping) or set(receipt) != set(_FIELDS):
        raise VerificationError(f"a receipt has exactly the fields {', '.join(_FIELDS)}")
    for name, kind in _FIELDS.items():
        if type(receipt[name]) is not kind:  # a bool is an int by inheritance only
            raise VerificationError(f"{name} is not of type {kind.__name__}")
    proof = TlogProof.parse(receipt["proof"])
    if proof.extra is not None:
        raise VerificationError("the proof carries extra data, which nothing authenticates")
    if proof.index != receipt["log_index"]:
        raise VerificationError("log_index is not the index of the proof")
    try:
        entry = receipt["entry"].encode()
    except UnicodeEncodeError as error:
        raise VerificationError("the entry is not Unicode text") from error
    parsed = _Receipt(receipt["decision_id"], entry, proof, receipt["log_key"])
    return "the receipt is well-formed", parsed


def _key(receipt: _Receipt, pinned: str | None) -> tuple[str, VerifierKey]:
    key = VerifierKey.parse(receipt.log_key if pinned is None else pinned.strip())
    if str(key) != receipt.log_key:
        raise VerificationError(f"the receipt names the key {receipt.log_key!r}, not the pinned {key}")
    if pinned is None:
        return f"NOT PINNED: the receipt vouches for its own key {key}; compare it with a copy you trust", key
    return f"the key is the pinned {key}", key


def _checkpoint(receipt: _Receipt, key: VerifierKey | None) -> tuple[str, Checkpoint]:
    if key is None:
        raise VerificationError("not checked: there is no usable key")
    checkpoint = open_checkpoint(receipt.proof.checkpoint, key)
    return f"{checkpoint.origin} signed the tree of {checkpoint.size} entries", checkpoint


def _inclusion(receipt: _Receipt, checkpoint: Checkpoint | None) -> tuple[str, None]:
    if checkpoint is None:
        raise VerificationError("not checked: there is no trustworthy checkpoint")
    proof = receipt.proof
    verify_inclusion(leaf_hash(receipt.entry), proof.index, checkpoint.size, proof.hashes, checkpoint.root)
    return f"the entry is number {proof.index} of {checkpoint.size}", None


def _entry(receipt: _Receipt) -> tuple[str, Mapping[str, Any]]:
    entry = parse_canonical(receipt.entry)
    if not isinstance(entry, dict) or type(entry.get("v")) is not int or entry["v"] != 1:
        raise VerificationError("the entry is not a version 1 entry")
    if entry.get("decision_id") != receipt.decision_id:
        raise VerificationError("the entry is about another decision")
    return f"{entry.get('kind')} {receipt.decision_id}, recorded {entry.get('recorded_at')}", entry


def _media(media: bytes, entry: Mapping[str, Any] | None) -> tuple[str, None]:
    if entry is None:
        raise VerificationError("not checked: there is no trustworthy entry")
    digest = "sha256:" + hashlib.sha256(media).hexdigest()
    if entry.get("media_digest") == digest:
        return f"the file is the media of this decision ({digest})", None
    if _source_digest(entry) == digest:
        return f"the file is the SOURCE that was sent in, not the output this decision is about ({digest})", None
    raise VerificationError(f"the entry is not about this file ({digest})")


def _source_digest(entry: Mapping[str, Any]) -> Any:
    """Digest of the upload that the media of an outbound decision was made from, if it was made from one."""
    value: Any = entry
    for name in ("making", "source", "media_digest"):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
