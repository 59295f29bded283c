"""C2SP signed notes with Ed25519 keys: verifier keys, signing through a callable, strict parsing, verification.

Source: c2sp.org/signed-note. This module does not know what a note says; `checkpoint` does. Signatures by unknown
keys (witnesses, rotated keys) are kept and ignored, as the specification demands. What a witness's signature says is
the business of `cosignature`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import ClassVar, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from countersign.verify.encoding import decode_base64, encode_base64
from countersign.verify.errors import VerificationError

_SIGNATURE_MARK = "— "
_MAX_SIGNATURES = 64
_MAX_CHARACTERS = 1 << 20
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_KEY_ID = re.compile(r"[0-9a-f]{8}")


@dataclass(frozen=True, slots=True)
class NoteKey:
    """An Ed25519 key of one signature type. name: schema-less URL. public_key: 32 bytes (RFC 8032).

    The key id binds the type, so that one key pair MAY sign in two ways and neither signature passes for the other.
    """

    TYPE: ClassVar[bytes]

    name: str
    public_key: bytes

    @property
    def key_id(self) -> bytes:
        """4 bytes: SHA-256(name || 0x0A || type || public key), truncated."""
        return hashlib.sha256(self.name.encode() + b"\n" + self.TYPE + self.public_key).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{encode_base64(self.TYPE + self.public_key)}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read "name+hex key id+base64 key"; VerificationError unless the parts agree and the type is this one."""
        parts = text.split("+", 2)
        if len(parts) != 3 or not is_key_name(parts[0]) or not _KEY_ID.fullmatch(parts[1]):
            raise VerificationError("the verifier key does not read name+key id+key")
        data = decode_base64(parts[2], "the verifier key")
        if len(data) != 33 or data[:1] != cls.TYPE:
            raise VerificationError(f"the verifier key is not an Ed25519 key of type 0x{cls.TYPE.hex()}")
        key = cls(parts[0], data[1:])
        if key.key_id.hex() != parts[1]:
            raise VerificationError("the verifier key does not have the key id it states")
        return key


@dataclass(frozen=True, slots=True)
class VerifierKey(NoteKey):
    """A key that signs notes themselves: a log's."""

    TYPE: ClassVar[bytes] = b"\x01"


@dataclass(frozen=True, slots=True)
class WitnessKey(NoteKey):
    """A key that cosigns checkpoints, with the time (c2sp.org/tlog-cosignature)."""

    TYPE: ClassVar[bytes] = b"\x04"


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line. key_id: 4 bytes. signature: the bytes after the key id."""

    name: str
    key_id: bytes
    signature: bytes

    def __str__(self) -> str:
        """The line, with its newline."""
        return f"{_SIGNATURE_MARK}{self.name} {encode_base64(self.key_id + self.signature)}\n"

    def claims(self, key: NoteKey) -> bool:
        """Whether it says that `key` made it. Nothing is verified."""
        return self.name == key.name and self.key_id == key.key_id


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
    return f"{text}\n{NoteSignature(key.name, key.key_id, sign(text.encode()))}"


def add_signatures(note: str, added: Iterable[NoteSignature]) -> str:
    """`note` with more signature lines: what stands there stays as it is, a line that stands there is not repeated."""
    present = set(parse_note(note).signatures)
    for signature in added:
        if signature not in present:
            present.add(signature)
            note += str(signature)
    parse_note(note)  # not more lines than a reader takes
    return note


def parse_note(note: str) -> SignedNote:
    """Split a note into text and signatures; VerificationError if it is malformed."""
    if len(note) > _MAX_CHARACTERS or _CONTROL.search(note) or not note.endswith("\n"):
        raise VerificationError("the note is too long, has control characters or does not end in a newline")
    # The last empty line separates the text from the signatures.
    text, separator, lines = note.rpartition("\n\n")
    if not separator or not text or not lines:
        raise VerificationError("the note has no text or no signatures")
    return SignedNote(text + "\n", parse_signatures(lines))


def parse_signatures(lines: str) -> tuple[NoteSignature, ...]:
    """Signature lines, each ending in a newline; VerificationError if one is malformed or there are none."""
    if not lines.endswith("\n") or len(lines) > _MAX_CHARACTERS or lines.count("\n") > _MAX_SIGNATURES:
        raise VerificationError(f"there are not 1 to {_MAX_SIGNATURES} signature lines")
    return tuple(_parse_signature(line) for line in lines[:-1].split("\n"))


def verify_note(note: SignedNote, key: VerifierKey) -> None:
    """Raise VerificationError unless `key` signed the note, and every signature in its name holds."""
    for signature in signatures_of(note, key):
        verify_ed25519(key.public_key, signature.signature, note.text)


def signatures_of(note: SignedNote, key: NoteKey) -> list[NoteSignature]:
    """The lines that `key` is said to have signed, at least one; VerificationError if there is none."""
    own = [signature for signature in note.signatures if signature.claims(key)]
    if not own:
        raise VerificationError(f"no signature by {key.name} with this key")
    return own


def verify_ed25519(public_key: bytes, signature: bytes, message: str) -> None:
    """VerificationError unless `signature` (64 bytes, RFC 8032) is the key's over the UTF-8 of `message`."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message.encode())
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
