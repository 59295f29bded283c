"""The witness's own key: an Ed25519 file of mode 0600 and, beside it, the verifier key that others pin.

The name is chosen once. A cosignature does not name its witness, so a key pair MUST NOT serve two names or two
witnesses (c2sp.org/tlog-cosignature).
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from countersign.durable import write_new
from countersign.errors import ConfigurationError
from countersign.verify.errors import VerificationError
from countersign.verify.note import WitnessKey, is_key_name

KEY_FILE = "witness.key"
VERIFIER_FILE = "witness.vkey"


@dataclass(frozen=True)
class WitnessSigner:
    """A key held in this process. key: what verifies it."""

    key: WitnessKey
    private: Ed25519PrivateKey

    def sign(self, message: bytes) -> bytes:
        """64 bytes (RFC 8032). May be called from any thread."""
        return self.private.sign(message)


def load_or_create(directory: Path, name: str | None = None) -> WitnessSigner:
    """The key of the witness in `directory`, which exists; made on first use.

    name: a schema-less URL for a new key; None takes one made from the key. ConfigurationError if a file cannot be
    used, if others may read the key, or if the key was made under another name.
    """
    if name is not None and not is_key_name(name):
        raise ConfigurationError(f"{name!r} cannot name a witness: no spaces and no plus sign", field="name")
    try:
        write_new(directory / KEY_FILE, _fresh)
        private = _read(directory / KEY_FILE)
        public = private.public_key().public_bytes_raw()
        write_new(directory / VERIFIER_FILE, lambda: f"{WitnessKey(name or _name_of(public), public)}\n".encode())
        key = WitnessKey.parse((directory / VERIFIER_FILE).read_text(encoding="utf-8").removesuffix("\n"))
    except OSError as error:
        raise ConfigurationError(f"cannot use the key in {directory}: {error.strerror}", field="data_dir") from error
    except (VerificationError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{directory / VERIFIER_FILE}: {error}", field="data_dir") from error
    if key.public_key != public:
        raise ConfigurationError(f"{VERIFIER_FILE} in {directory} is not that of {KEY_FILE}", field="data_dir")
    if name is not None and key.name != name:
        raise ConfigurationError(f"this witness is named {key.name} already", field="name", found=name)
    return WitnessSigner(key, private)


def _fresh() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _name_of(public: bytes) -> str:
    return f"countersign-witness/{hashlib.sha256(public).hexdigest()[:16]}"


def _read(path: Path) -> Ed25519PrivateKey:
    with path.open("rb") as file:
        # Asked of the open file: nobody can exchange it in between.
        if os.fstat(file.fileno()).st_mode & 0o077:
            raise ConfigurationError(f"{path} may be read by others; run chmod 600 on it", field="data_dir")
        data = file.read()
    try:
        key = load_pem_private_key(data, password=None)
    except (ValueError, TypeError) as error:
        raise ConfigurationError(f"{path} is not a private key", field="data_dir") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigurationError(f"{path} is not an Ed25519 key", field="data_dir")
    return key
