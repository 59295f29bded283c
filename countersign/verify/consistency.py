"""Consistency: whether the log of one checkpoint is the beginning of the log of a later one.

The text form is the body of `add-checkpoint` of c2sp.org/tlog-witness:

    old <size of the older tree>
    <hashes of the RFC 6962 proof in base64, one a line>

    <the newer checkpoint, a signed note>

so that what is kept as evidence can be handed to any witness as it is. The checkpoint may be missing where the reader
has it from elsewhere. This module does not know how checkpoints travel or are kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from countersign.verify.checkpoint import Checkpoint
from countersign.verify.checks import Check, step
from countersign.verify.encoding import decode_decimal, decode_hash, encode_base64
from countersign.verify.errors import SplitView, VerificationError
from countersign.verify.merkle import MAX_PATH, verify_consistency
from countersign.verify.policy import Trust, check_witnesses
from countersign.verify.trust import TrustedKey, open_trusted


@dataclass(frozen=True, slots=True)
class ConsistencyProof:
    """old_size: leaves of the older tree. hashes: 32 bytes each, in the order of RFC 6962, section 2.1.2.

    checkpoint: the newer checkpoint, verbatim and not looked at; "" where the proof came without.
    """

    old_size: int
    hashes: tuple[bytes, ...]
    checkpoint: str = ""

    def __str__(self) -> str:
        hashes = [encode_base64(value) for value in self.hashes]
        return "\n".join([f"old {self.old_size}", *hashes, "", self.checkpoint])

    @classmethod
    def parse(cls, text: str) -> ConsistencyProof:
        """Read the form strictly: `str(ConsistencyProof.parse(text)) == text`, or VerificationError."""
        head, separator, checkpoint = text.partition("\n\n")
        first, *lines = head.split("\n")
        if not first.startswith("old ") or not separator:
            raise VerificationError("the proof does not begin with an old size, hashes and an empty line")
        if len(lines) > MAX_PATH:
            raise VerificationError(f"a proof has at most {MAX_PATH} hashes")
        size = decode_decimal(first.removeprefix("old "), "the old size")
        return cls(size, tuple(decode_hash(line, "a proof hash") for line in lines), checkpoint)


def assert_one_view(old: Checkpoint, new: Checkpoint) -> None:
    """SplitView if both have one size and different roots: no proof can reconcile them."""
    if old.size == new.size and old.root != new.root:
        raise SplitView(f"SPLIT VIEW: {old.origin} signed two trees of {old.size} entries; keep both checkpoints")


def assert_extends(old: Checkpoint, new: Checkpoint, proof: ConsistencyProof) -> None:
    """VerificationError unless `proof` shows that the tree of `old` is the beginning of that of `new`.

    Both MUST have been opened with trusted keys. SplitView as `assert_one_view` raises it.
    """
    if old.origin != new.origin:
        raise VerificationError(f"the checkpoints are of two logs, {old.origin} and {new.origin}")
    assert_one_view(old, new)
    if proof.old_size != old.size:
        raise VerificationError(f"the proof starts at {proof.old_size} entries, the older checkpoint has {old.size}")
    verify_consistency(old.size, new.size, old.root, new.root, proof.hashes)


def verify_extension(
    old_note: str, new_note: str, proof: ConsistencyProof, keys: Sequence[TrustedKey]
) -> tuple[Checkpoint, Checkpoint]:
    """Both checkpoints; VerificationError unless `keys` vouch for each and the newer log extends the older.

    SplitView if the log signed two trees of one size. What the proof itself carries as its checkpoint is not looked at.
    """
    old, _ = open_trusted(old_note, keys)
    new, _ = open_trusted(new_note, keys)
    assert_extends(old, new, proof)
    return old, new


def check_extension(
    old_note: str, new_note: str, proof: ConsistencyProof, trust: Trust, key: str | None = None
) -> list[Check]:
    """`verify_extension` step by step: "key", "old", "new", "witness" where witnesses are asked for, "consistency".

    key: the key that the log names for itself, taken where `trust` pins none; the check says so. The witnesses are
    asked about the newer checkpoint.
    """
    pinning, keys = step("key", lambda: _keys(trust, key))
    older, old = step("old", lambda: _open(old_note, keys))
    newer, new = step("new", lambda: _open(new_note, keys))
    checks = [pinning, older, newer]
    if trust.asks_witnesses:
        checks.append(check_witnesses(new_note, trust, keys if new else None))
    checks.append(step("consistency", lambda: _extends(old, new, proof))[0])
    return checks


def _keys(trust: Trust, key: str | None) -> tuple[str, Sequence[TrustedKey]]:
    keys = trust.keys(key)
    named = ", ".join(str(each.key) for each in keys)
    if not trust.pinned:
        return f"NOT PINNED: the log vouches for its own {named}; compare it with a copy you trust", keys
    return f"trusted: {named}", keys


def _open(note: str, keys: Sequence[TrustedKey] | None) -> tuple[str, Checkpoint]:
    if keys is None:
        raise VerificationError("not checked: there is no usable key")
    checkpoint, _ = open_trusted(note, keys)
    return f"{checkpoint.origin} signed the tree of {checkpoint.size} entries", checkpoint


def _extends(old: Checkpoint | None, new: Checkpoint | None, proof: ConsistencyProof) -> tuple[str, None]:
    if old is None or new is None:
        raise VerificationError("not checked: a checkpoint is not trustworthy")
    assert_extends(old, new, proof)
    if old.size == new.size:
        return f"both checkpoints are of the same tree of {old.size} entries", None
    return f"the {old.size} entries of the older checkpoint are the first of the {new.size} of the newer", None
