"""What a reader trusts before reading anything: the log's keys, their rotations, the witnesses and how many must agree.

This module does not know what is checked with it: receipts, bundles and checkpoints ask it alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from countersign.verify.checks import Check, step
from countersign.verify.cosignature import format_timestamp, verify_cosignature
from countersign.verify.errors import VerificationError
from countersign.verify.note import VerifierKey, WitnessKey, parse_note
from countersign.verify.rotation import verify_chain
from countersign.verify.trust import TrustedKey


@dataclass(frozen=True, slots=True)
class Trust:
    """Keys from sources that the reader trusts, as text; nothing is parsed before it is used.

    log_keys: verifier keys of the log, as many as it had; empty pins none. rotations: key-rotation statements (notes),
    which need no trust of their own. witnesses: their verifier keys. quorum: how many of them must have cosigned;
    None asks for all.
    """

    log_keys: tuple[str, ...] = ()
    rotations: tuple[str, ...] = ()
    witnesses: tuple[str, ...] = ()
    quorum: int | None = None

    @property
    def pinned(self) -> bool:
        """Whether the reader has a key of the log at all."""
        return bool(self.log_keys)

    @property
    def asks_witnesses(self) -> bool:
        """Whether cosignatures are asked for. A quorum without witnesses asks for what nobody can give."""
        return bool(self.witnesses) or self.quorum is not None

    def keys(self, claimed: str | None = None) -> tuple[TrustedKey, ...]:
        """The keys that speak for the log, each with its term. VerificationError if they contradict one another.

        claimed: the key that a document names for itself, which takes the place of a pinned one where there is none.
        """
        texts = self.log_keys or (() if claimed is None else (claimed,))
        if not texts:
            raise VerificationError("no key of the log is pinned")
        return verify_chain([VerifierKey.parse(text.strip()) for text in texts], self.rotations)


def find_witnesses(note: str, trust: Trust, log: Iterable[TrustedKey]) -> tuple[str, dict[WitnessKey, int]]:
    """Which of the reader's witnesses cosigned the checkpoint in `note`: in words, and when, in seconds since 1970.

    log: the keys that speak for the log. VerificationError if fewer than the quorum cosigned, or if a cosignature by
    one of the witnesses does not hold.
    """
    keys = _witness_keys(trust.witnesses, {trusted.key.public_key for trusted in log})
    quorum = len(keys) if trust.quorum is None else trust.quorum
    if not 1 <= quorum <= len(keys):
        raise VerificationError(f"a quorum of {quorum} among {len(keys)} witnesses is no policy")
    signed = parse_note(note)
    present = [key for key in keys if any(line.claims(key) for line in signed.signatures)]
    found = {key: verify_cosignature(signed, key) for key in present}
    seen = ", ".join(f"{key.name} at {format_timestamp(time)}" for key, time in found.items()) or "none"
    if len(found) < quorum:
        raise VerificationError(f"{quorum} of {len(keys)} witnesses must have cosigned, found: {seen}")
    return f"cosigned by {seen} ({quorum} of {len(keys)} asked for)", found


def check_witnesses(note: str, trust: Trust, log: Iterable[TrustedKey] | None) -> Check:
    """`find_witnesses` as the check "witness". log: None where the log's own signature did not hold."""

    def work() -> tuple[str, object]:
        if log is None:
            raise VerificationError("not checked: there is no trustworthy checkpoint")
        return find_witnesses(note, trust, log)

    return step("witness", work)[0]


def _witness_keys(texts: Sequence[str], log: AbstractSet[bytes]) -> tuple[WitnessKey, ...]:
    keys = tuple(WitnessKey.parse(text.strip()) for text in texts)
    public = {key.public_key for key in keys}
    # A cosignature does not name its witness: one key under two names would count twice.
    if len(public) < len(keys):
        raise VerificationError("a witness's key stands in the list twice")
    if public & log:
        raise VerificationError("a key of the log stands in the list of witnesses; it cannot witness itself")
    return keys
