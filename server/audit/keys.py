"""The log's signing key: an Ed25519 file made on first start, and the interface that a KMS or HSM can stand behind.

The private key never leaves this module. Warning about a development key is the composition root's work.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from core.errors import ConfigurationError
from countersign.verify.note import VerifierKey

KEY_FILE = "log.key"
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


def load_or_create(directory: Path, origin: str) -> FileSigner:
    """The key in `directory`/log.key, made with mode 0600 if there is none; log.vkey is written beside it.

    directory: exists. origin: the log's name, which becomes the name of the verifier key.
    ConfigurationError if the file is no Ed25519 key or others may read it.
    """
    path = directory / KEY_FILE
    if not path.exists():
        _create(path)
    signer = FileSigner(_load(path))
    (directory / VERIFIER_FILE).write_text(f"{VerifierKey(origin, signer.public_key)}\n", encoding="utf-8")
    return signer


def _create(path: Path) -> None:
    """Written beside its place, then linked into it: a crash leaves no half a key, and a racing start no second one."""
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        if not path.exists():
            os.link(beside, path)
    except FileExistsError:
        pass  # another start was faster; its key is the key
    finally:
        beside.unlink()
    _sync_directory(path.parent)


def _sync_directory(directory: Path) -> None:
    """A power failure after the first entry must not take the key that signed it."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _load(path: Path) -> Ed25519PrivateKey:
    if path.stat().st_mode & 0o077:
        raise ConfigurationError(f"{path} may be read by others; run chmod 600 on it")
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError) as error:
        raise ConfigurationError(f"{path} is not a private key") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigurationError(f"{path} is not an Ed25519 key")
    return key
