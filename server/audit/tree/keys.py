"""The log's signing key: an Ed25519 file made on first start, and the interface that a KMS or HSM can stand behind.

    log.key          signs now
    log.key.next     made by a rotation, until it takes over
    log.key.0, .1 …  signed once; kept for the records, no longer needed
    log.vkey         the key that verifies, for people to copy

The private key never leaves this module. Which key has to sign, the log itself says (`Standing`); warning about a
development key is the composition root's work, and rotating keys that of `outside.rotation`.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from core.errors import ConfigurationError
from countersign.durable import sync, write_new
from countersign.verify.checkpoint import open_checkpoint
from countersign.verify.errors import VerificationError
from countersign.verify.note import VerifierKey

KEY_FILE = "log.key"
NEXT_FILE = "log.key.next"
VERIFIER_FILE = "log.vkey"


class CheckpointSigner(Protocol):
    """Something that signs with one Ed25519 key. public_key: 32 bytes (RFC 8032)."""

    @property
    def public_key(self) -> bytes:
        """The key that verifies."""
        ...

    def sign(self, message: bytes) -> bytes:
        """64 bytes. May be called from any thread."""
        ...


class FileSigner:
    """A key held in this process."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    @property
    def public_key(self) -> bytes:
        """The key that verifies."""
        return self._key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """64 bytes."""
        return self._key.sign(message)


@dataclass(frozen=True, slots=True)
class Standing:
    """Whose log it is, by the log: its newest checkpoint, and the generation, from 0, of the key that signed it."""

    checkpoint: str
    generation: int

    def is_signed_by(self, key: VerifierKey) -> bool:
        """Whether `key` is the one that the log has to go on with."""
        try:
            open_checkpoint(self.checkpoint, key)
        except VerificationError:
            return False
        return True


def load_or_create(directory: Path, origin: str, standing: Standing | None = None) -> FileSigner:
    """The key in `directory`/log.key, made with mode 0600 if there is none and the log is new; log.vkey is written too.

    directory: exists. origin: the log's name, which becomes the name of the verifier key. standing: how the log in the
    database stands (`generations.read_standing`); None only where it has no head yet.
    A rotation that was cut short after the new key took over is finished here. ConfigurationError, and nothing is
    written, if the log has another key than these files, or a file is no Ed25519 key, or others may read it.
    """
    path = directory / KEY_FILE
    if standing is None:
        if not path.exists():
            create_key(path)
        signer = load_key(path)
    else:
        signer = _current(directory, origin, standing)
    (directory / VERIFIER_FILE).write_text(f"{verifier_of(signer, origin)}\n", encoding="utf-8")
    return signer


def load_current(directory: Path, origin: str, standing: Standing) -> FileSigner | None:
    """The key in log.key if it is the one that the log has to go on with; None if it is not there or another one."""
    path = directory / KEY_FILE
    if not path.exists():
        return None
    signer = load_key(path)
    return signer if standing.is_signed_by(verifier_of(signer, origin)) else None


def _current(directory: Path, origin: str, standing: Standing) -> FileSigner:
    signer = load_current(directory, origin, standing)
    if signer is not None:
        return signer
    path, beside = directory / KEY_FILE, directory / NEXT_FILE
    if beside.exists() and standing.is_signed_by(verifier_of(load_key(beside), origin)):
        promote_next(directory, standing.generation - 1)
        return load_key(path)
    if path.exists():
        raise ConfigurationError(
            f"{path} is not the key of this log. Where the key was rotated, copy {KEY_FILE} from the machine that did "
            f"it; else put back the key, or the name (origin), that the log was signed with"
        )
    raise ConfigurationError(
        f"the log has a key already, and {path} is not there: put it back from a backup, or copy it from another "
        f"server of this log. A new key would not be the log's; none was made"
    )


def verifier_of(signer: CheckpointSigner, origin: str) -> VerifierKey:
    """The verifier key of `signer` for the log `origin`."""
    return VerifierKey(origin, signer.public_key)


def promote_next(directory: Path, generation: int) -> None:
    """Put log.key.next into the place of log.key, and keep that as log.key.`generation`. May be repeated after a crash.

    MUST NOT be called before the new key has signed the head: until then log.key is the log's key.
    """
    path, kept = directory / KEY_FILE, directory / f"{KEY_FILE}.{generation}"
    if path.exists():
        if kept.exists() and not kept.samefile(path) and kept.read_bytes() != path.read_bytes():
            raise ConfigurationError(f"{kept} is in the way: the old key is to be kept there; move it elsewhere")
        with contextlib.suppress(FileExistsError):
            os.link(path, kept)
        sync(directory)  # the old key has a second name before it loses its first
    (directory / NEXT_FILE).replace(path)
    sync(directory)


def create_key(path: Path) -> None:
    """A new key, unless there is one: a crash leaves no half a key, and a racing start no second one. Mode 0600."""
    write_new(path, _new_pem)


def load_key(path: Path) -> FileSigner:
    """The key in a PEM file (PKCS #8). ConfigurationError if it is no Ed25519 key, or others may read it."""
    try:
        if path.stat().st_mode & 0o077:
            raise ConfigurationError(f"{path} may be read by others; run chmod 600 on it")
        key = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise ConfigurationError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, TypeError) as error:
        raise ConfigurationError(f"{path} is not a private key") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigurationError(f"{path} is not an Ed25519 key")
    return FileSigner(key)


def _new_pem() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
