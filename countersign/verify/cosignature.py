"""C2SP tlog-cosignature with Ed25519: a witness's statement that it saw a checkpoint, and when.

Source: c2sp.org/tlog-cosignature, "cosignature/v1". The signed message is

    cosignature/v1
    time <seconds since 1970>
    <the note text of the checkpoint, its extension lines included>

and the signature in the note is the time as 8 big-endian bytes, then the 64 bytes of RFC 8032. It says: at this time,
the largest consistent tree that the witness saw under this origin was this one. This module does not know whether the
tree is consistent with anything; a witness checks that before it signs (`countersign.witness`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from countersign.verify.checkpoint import parse_body
from countersign.verify.encoding import MAX_INTEGER
from countersign.verify.errors import VerificationError
from countersign.verify.note import (
    NoteSignature,
    SignedNote,
    WitnessKey,
    add_signatures,
    parse_note,
    parse_signatures,
    signatures_of,
    verify_ed25519,
)

_TIME_BYTES = 8
_SIGNATURE_BYTES = 64


def sign_cosignature(text: str, key: WitnessKey, sign: Callable[[bytes], bytes], timestamp: int) -> NoteSignature:
    """The signature line that adds `key` to the checkpoint whose note text is `text`.

    sign: Ed25519 over the given bytes, 64 bytes long. timestamp: seconds since 1970, 0 to 2**63 - 1.
    VerificationError if `text` is no checkpoint: a witness vouches for nothing else.
    """
    parse_body(text)
    if not 0 <= timestamp <= MAX_INTEGER:
        raise VerificationError("the time of a cosignature lies between 0 and 2**63 - 1")
    signature = sign(_message(text, timestamp).encode())
    return NoteSignature(key.name, key.key_id, timestamp.to_bytes(_TIME_BYTES, "big") + signature)


def verify_cosignature(note: SignedNote, key: WitnessKey) -> int:
    """When `key` cosigned the checkpoint in `note`: seconds since 1970, of several times the first.

    VerificationError unless there is a cosignature by `key` and every one in its name holds.
    """
    parse_body(note.text)
    return min(_verify(note.text, signature, key) for signature in signatures_of(note, key))


def merge_cosignatures(note: str, answer: str, witnesses: Iterable[WitnessKey]) -> str:
    """`note` with those lines of a witness's `answer` that hold; lines by other keys are left out.

    VerificationError if a line is malformed, or one of `witnesses` did not make what is said to be its own.
    """
    text = parse_note(note).text
    keys = tuple(witnesses)
    held = []
    for signature in parse_signatures(answer):
        for key in keys:
            if signature.claims(key):
                _verify(text, signature, key)
                held.append(signature)
    return add_signatures(note, held)


def format_timestamp(timestamp: int) -> str:
    """RFC 3339 in UTC, for people; the bare number where no calendar reaches."""
    try:
        return datetime.fromtimestamp(timestamp, UTC).isoformat().replace("+00:00", "Z")
    except (OverflowError, ValueError, OSError):
        return f"{timestamp} s after 1970"


def _verify(text: str, signature: NoteSignature, key: WitnessKey) -> int:
    data = signature.signature
    if len(data) != _TIME_BYTES + _SIGNATURE_BYTES:
        raise VerificationError(f"the cosignature by {key.name} does not have {_TIME_BYTES + _SIGNATURE_BYTES} bytes")
    timestamp = int.from_bytes(data[:_TIME_BYTES], "big")
    if timestamp > MAX_INTEGER:
        raise VerificationError(f"the cosignature by {key.name} has a time beyond 2**63 - 1")
    try:
        verify_ed25519(key.public_key, data[_TIME_BYTES:], _message(text, timestamp))
    except VerificationError as error:
        raise VerificationError(f"the cosignature by {key.name} does not hold") from error
    return timestamp


def _message(text: str, timestamp: int) -> str:
    return f"cosignature/v1\ntime {timestamp}\n{text}"
