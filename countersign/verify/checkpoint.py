"""C2SP tlog-checkpoint: the signed head of a log.

Source: c2sp.org/tlog-checkpoint. This module does not know how the root came about.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from countersign.verify.encoding import decode_decimal, decode_hash, encode_base64
from countersign.verify.errors import VerificationError
from countersign.verify.note import VerifierKey, parse_note, sign_note, verify_note


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """origin: the log's name. size: leaves. root: 32 bytes. extensions: opaque lines, not interpreted."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def body(self) -> str:
        """The note text."""
        return "\n".join([self.origin, str(self.size), encode_base64(self.root), *self.extensions, ""])


def parse_body(text: str) -> Checkpoint:
    """Read a note text; VerificationError unless it is a checkpoint."""
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1] or not all(lines[:-1]):
        raise VerificationError("a checkpoint has at least three lines, none of them empty")
    size = decode_decimal(lines[1], "the tree size")
    return Checkpoint(lines[0], size, decode_hash(lines[2], "the root hash"), tuple(lines[3:-1]))


def sign_checkpoint(checkpoint: Checkpoint, key: VerifierKey, sign: Callable[[bytes], bytes]) -> str:
    """The checkpoint as a signed note. sign: see `note.sign_note`."""
    return sign_note(checkpoint.body(), key, sign)


def open_checkpoint(note: str, key: VerifierKey) -> Checkpoint:
    """The checkpoint in `note` if `key` signed it and its origin is the key's name; VerificationError otherwise.

    The origin MUST equal the key's name, so that a key shared by mistake between logs cannot speak for both.
    """
    signed = parse_note(note)
    verify_note(signed, key)
    checkpoint = parse_body(signed.text)
    if checkpoint.origin != key.name:
        raise VerificationError(f"the checkpoint is of {checkpoint.origin}, the key of {key.name}")
    return checkpoint
