"""Receipts: whether a decision stands in the log, checked offline, step by step.

A receipt is the JSON object {"decision_id", "log_index", "entry", "proof", "log_key"}: `entry` is the exact
canonical-JSON text of the log entry, `proof` a C2SP tlog-proof@v1, `log_key` the verifier key that signed it.
This module does not know where a receipt came from, and it trusts no part of one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from countersign.verify.canonical import parse_canonical
from countersign.verify.checkpoint import Checkpoint
from countersign.verify.checks import Check, step
from countersign.verify.errors import VerificationError
from countersign.verify.merkle import leaf_hash, verify_inclusion
from countersign.verify.policy import Trust, check_witnesses
from countersign.verify.tlog_proof import TlogProof
from countersign.verify.trust import TrustedKey, open_trusted

_FIELDS: Mapping[str, type] = {"decision_id": str, "log_index": int, "entry": str, "proof": str, "log_key": str}
# Versions of entries that were ever written.
_VERSIONS = (1, 2)


@dataclass(frozen=True, slots=True)
class _Receipt:
    decision_id: str
    entry: bytes
    proof: TlogProof
    log_key: str


def verify_receipt(receipt: Mapping[str, Any], media: bytes | None, trust: Trust | str | None) -> list[Check]:
    """Every check in order; the receipt holds if all are ok. Never raises for malformed input.

    media: the file to hold against the entry; None leaves the media check out of the list.
    trust: the log's keys from a source that you trust, and the witnesses you ask for; a string pins one key, None takes
    the receipt's own and says so. The checks are "form", "key", "checkpoint", "witness" where witnesses are asked for,
    "inclusion", "entry" and "media".
    """
    policy = trust if isinstance(trust, Trust) else Trust(() if trust is None else (trust,))
    # 1. The receipt is well-formed: exactly the known fields, each of its type, and a strict tlog-proof.
    form, parsed = step("form", lambda: _read(receipt))
    if parsed is None:
        return [form]
    # 2. The key: one that the caller pinned or that a rotation links to a pinned one, or else the receipt's own.
    pinning, keys = step("key", lambda: _keys(parsed, policy))
    # 3. The log signed the checkpoint with that key, at a size for which the key speaks.
    signing, checkpoint = step("checkpoint", lambda: _checkpoint(parsed, keys))
    checks = [form, pinning, signing]
    # 4. Enough witnesses cosigned the checkpoint.
    if policy.asks_witnesses:
        checks.append(check_witnesses(parsed.proof.checkpoint, policy, keys if checkpoint else None))
    # 5. SHA-256(0x00 || entry) stands at the index, under the checkpoint's root.
    inclusion, _ = step("inclusion", lambda: _inclusion(parsed, checkpoint))
    # 6. The entry is canonical and about this decision.
    content, entry = step("entry", lambda: _entry(parsed))
    checks += [inclusion, content]
    # 7. The file is the one that the entry names.
    if media is not None:
        checks.append(step("media", lambda: _media(media, entry))[0])
    return checks


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


def _keys(receipt: _Receipt, trust: Trust) -> tuple[str, Sequence[TrustedKey]]:
    keys = trust.keys(receipt.log_key)
    # The key that the receipt names stands first: it is the one that has to vouch for the checkpoint.
    ordered = sorted(keys, key=lambda each: str(each.key) != receipt.log_key)
    if str(ordered[0].key) != receipt.log_key:
        trusted = ", ".join(str(each.key) for each in keys)
        raise VerificationError(f"the receipt names the key {receipt.log_key!r}, not the pinned {trusted}")
    key = ordered[0].key
    if not trust.pinned:
        return f"NOT PINNED: the receipt vouches for its own key {key}; compare it with a copy you trust", ordered
    if str(key) in (text.strip() for text in trust.log_keys):
        return f"the key is the pinned {key}", ordered
    return f"rotations link the key {key} to a pinned one", ordered


def _checkpoint(receipt: _Receipt, keys: Sequence[TrustedKey] | None) -> tuple[str, Checkpoint]:
    if keys is None:
        raise VerificationError("not checked: there is no usable key")
    checkpoint, trusted = open_trusted(receipt.proof.checkpoint, keys)
    if str(trusted.key) != receipt.log_key:
        raise VerificationError(
            f"the checkpoint is vouched for by {trusted.key}, not by the key that the receipt names"
        )
    return f"{checkpoint.origin} signed the tree of {checkpoint.size} entries", checkpoint


def _inclusion(receipt: _Receipt, checkpoint: Checkpoint | None) -> tuple[str, None]:
    if checkpoint is None:
        raise VerificationError("not checked: there is no trustworthy checkpoint")
    proof = receipt.proof
    verify_inclusion(leaf_hash(receipt.entry), proof.index, checkpoint.size, proof.hashes, checkpoint.root)
    return f"the entry is number {proof.index} of {checkpoint.size}", None


def _entry(receipt: _Receipt) -> tuple[str, Mapping[str, Any]]:
    entry = parse_canonical(receipt.entry)
    if not isinstance(entry, dict) or type(entry.get("v")) is not int or entry["v"] not in _VERSIONS:
        raise VerificationError("the entry is of no version that is known here")
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
