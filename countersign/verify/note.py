"""C2SP signed notes with Ed25519 keys: verifier keys, signing through a callable, strict parsing, verification.

Source: c2sp.org/signed-note. This module does not know what a note says; `checkpoint` does. Signatures by unknown
keys (witnesses, rotated keys) are kept and ignored, as the specification demands.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from countersign.verify.encoding import decode_base64, encode_base64
from countersign.verify.errors import VerificationError

_ED25519 = b"\x01"
_SIGNATURE_MARK = "— "
_MAX_SIGNATURES = 64
_MAX_CHARACTERS = 1 << 20
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_KEY_ID = re.compile(r"[0-9a-f]{8}")


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """An Ed25519 key that notes are verified with. name: schema-less URL. public_key: 32 bytes (RFC 8032)."""

    name: str
    public_key: bytes

    @property
    def key_id(self) -> bytes:
        """4 bytes: SHA-256(name || 0x0A || 0x01 || public key), truncated."""
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.public_key).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{encode_base64(_ED25519 + self.public_key)}"

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """Read "name+hex key id+base64 key"; VerificationError unless the parts agree."""
        parts = text.split("+", 2)
        if len(parts) != 3 or not is_key_name(parts[0]) or not _KEY_ID.fullmatch(parts[1]):
            raise VerificationError("the verifier key does not read name+key id+key")
        data = decode_base64(parts[2], "the verifier key")
        if len(data) != 33 or data[:1] != _ED25519:
            raise VerificationError("the verifier key is not an Ed25519 key")
        key = cls(parts[0], data[1:])
        if key.key_id.hex() != parts[1]:
            raise VerificationError("the verifier key does not have the key id it states")
        return key


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line. key_id: 4 bytes. signature: the bytes after the key id."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class SignedNote:
    """text: the signed text with its final newline. MUST NOT be believed before `verify_note`."""

    text: str
    signatures: tuple[NoteSignature, ...]


def is_key_name(name: str) -> bool:
    """Whether `name` may name a key: not empty, without spaces, plus signs and control characters."""
    return bool(name) and "+" not in name and not any(c.isspace() for c in name) and name.isprintable()


def sign_note(text: str, key: VerifierKey, sign: Callable[[bytes], bytes]) -> str:
    """`text` (ending in a newline) with one signature line. sign: Ed25519 over the given bytes, 64 bytes long."""
    if not text.endswith("\n") or _CONTROL.search(text):
        raise VerificationError("the text of a note ends in a newline and has no control characters")
    line = encode_base64(key.key_id + sign(text.encode()))
    return f"{text}\n{_SIGNATURE_MARK}{key.name} {line}\n"


def parse_note(note: str) -> SignedNote:
    """Split a note into text and signatures; VerificationError if it is malformed."""
    if len(note) > _MAX_CHARACTERS or _CONTROL.search(note) or not note.endswith("\n"):
        raise VerificationError("the note is too long, has control characters or does not end in a newline")
    # The last empty line separates the text from the signatures.
    text, separator, lines = note.rpartition("\n\n")
    if not separator or not text or not lines:
        raise VerificationError("the note has no text or no signatures")
    signatures = tuple(_parse_signature(line) for line in lines[:-1].split("\n"))
    if len(signatures) > _MAX_SIGNATURES:
        raise VerificationError(f"the note has more than {_MAX_SIGNATURES} signatures")
    return SignedNote(text + "\n", signatures)


def verify_note(note: SignedNote, key: VerifierKey) -> None:
    """Raise VerificationError unless `key` signed the note, and every signature in its name holds."""
    own = [s for s in note.signatures if s.name == key.name and s.key_id == key.key_id]
    if not own:
        raise VerificationError(f"no signature by {key.name} with this key")
    for signature in own:
        _verify_ed25519(key.public_key, signature.signature, note.text)


def _verify_ed25519(public_key: bytes, signature: bytes, text: str) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, text.encode())
    except InvalidSignature as error:
        raise VerificationError("the signature does not hold") from error
    except ValueError as error:  # a key that is no curve point, or text that is no UTF-8
        raise VerificationError("the key or the text cannot be used") from error


def _parse_signature(line: str) -> NoteSignature:
    name, separator, encoded = line.removeprefix(_SIGNATURE_MARK).partition(" ")
    if not line.startswith(_SIGNATURE_MARK) or not separator or not is_key_name(name):
        raise VerificationError("a signature line does not read '— name signature'")
    data = decode_base64(encoded, "a signature")
    if len(data) < 5:
        raise VerificationError("a signature is too short")
    return NoteSignature(name, data[:4], data[4:])
