"""Private keys on disk: readable by their owner only.

Knows files and permissions. Does not know what the keys are for.
"""

from __future__ import annotations

import stat
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from core.errors import ConfigurationError
from countersign.durable import SECRET_MODE
from server.provenance.certificates import PrivateKey, pem

FOLDER_MODE = 0o700
PUBLIC_MODE = 0o644


def read_public(path: Path) -> bytes:
    """The content of a file that anyone may read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"cannot read {path}: {error.strerror}") from error


def read_secret(path: Path) -> bytes:
    """The content of a file that MUST NOT be open to group or others."""
    refuse_open(path)
    return read_public(path)


def refuse_open(path: Path) -> None:
    """Raises ConfigurationError where group or others may read, write or enter `path`."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        raise ConfigurationError(f"cannot read {path}: {error.strerror}") from error
    if mode & 0o077:
        wanted = FOLDER_MODE if path.is_dir() else SECRET_MODE
        raise ConfigurationError(
            f"{path} holds a private key but has mode {mode:04o}, open to other users; run: chmod {wanted:o} {path}"
        )


def parse_key(content: bytes, path: Path) -> PrivateKey:
    """The unencrypted private key in PEM `content`; `path` is named in errors."""
    try:
        key = serialization.load_pem_private_key(content, password=None)
    except TypeError as error:
        raise ConfigurationError(f"the private key in {path} is encrypted; give it unencrypted, mode 0600") from error
    except ValueError as error:
        raise ConfigurationError(f"{path} holds no private key in PEM") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey):
        raise ConfigurationError(f"{path}: C2PA signs with EC, Ed25519 or RSA keys, not {type(key).__name__}")
    return key


def parse_certificates(content: bytes, path: Path) -> list[x509.Certificate]:
    """The certificates in PEM `content`, at least one, in their order; `path` is named in errors."""
    try:
        return x509.load_pem_x509_certificates(content)
    except ValueError as error:
        raise ConfigurationError(f"{path} holds no certificate in PEM") from error


def bundle(key: PrivateKey, certificates: Sequence[x509.Certificate]) -> bytes:
    """One PEM file of a key and its certificates, so that the two can never be renewed by halves."""
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return secret + pem(*certificates).encode("ascii")
