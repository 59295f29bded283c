"""Which keys may speak for a log, and for which sizes of its tree.

A key that a reader pinned speaks for every size, until a rotation statement (`rotation`) says when it took over or was
replaced. This module does not know where the keys come from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from countersign.verify.checkpoint import Checkpoint, parse_body
from countersign.verify.errors import VerificationError
from countersign.verify.note import VerifierKey, parse_note, verify_note


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """A log's key and the tree sizes for which it speaks: since to until, both included; None: no end is known."""

    key: VerifierKey
    since: int = 0
    until: int | None = None

    def covers(self, size: int) -> bool:
        """Whether a checkpoint of `size` entries may be signed by this key."""
        return self.since <= size and (self.until is None or size <= self.until)


def open_trusted(note: str, keys: Sequence[TrustedKey]) -> tuple[Checkpoint, TrustedKey]:
    """The checkpoint in `note`, and which of `keys` vouches for it; VerificationError if none does.

    Every signature in the name of one of `keys` MUST hold (c2sp.org/signed-note: one that does not spoils the note),
    the origin MUST be the name of the key, and the size one that the key covers.
    """
    signed = parse_note(note)
    checkpoint = parse_body(signed.text)
    claimed = [each for each in keys if any(line.claims(each.key) for line in signed.signatures)]
    for each in claimed:
        verify_note(signed, each.key)
    own = [each for each in claimed if each.key.name == checkpoint.origin]
    if not own:
        raise VerificationError(f"no signature by a trusted key of {checkpoint.origin}")
    for each in own:
        if each.covers(checkpoint.size):
            return checkpoint, each
    raise VerificationError(f"the tree has {checkpoint.size} entries, {_term(own[0])}")


def _term(trusted: TrustedKey) -> str:
    end = "" if trusted.until is None else f" to {trusted.until}"
    return f"and by a rotation the key {trusted.key} speaks for {trusted.since}{end} only"
