"""The key behind an identity, wherever it lies: in this process, in a token behind PKCS#11, in a KMS."""

from __future__ import annotations

from typing import Protocol

from server.provenance.certificates import PrivateKey, PublicKey, public
from server.provenance.signatures import signer


class SigningKey(Protocol):
    """All that is asked of a key."""

    @property
    def public_key(self) -> PublicKey:
        """Its public half, which must be that of the certificate."""
        ...

    def sign(self, data: bytes) -> bytes:
        """A COSE signature of `data` (RFC 9053). Blocks, and is called from several threads.

        What it raises is told to the operator as the cause, and to nobody else.
        """
        ...


class LocalKey:
    """A private key in this process."""

    def __init__(self, key: PrivateKey) -> None:
        self.public_key: PublicKey = public(key)
        self.sign = signer(key)
