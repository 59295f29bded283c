"""The library's own calls in this process: what signing and reading take with nothing of ours around them."""

from __future__ import annotations

import io

from c2pa import Builder, C2paSigningAlg, Context, Reader, Signer

from server.provenance import Identity, Trust
from server.provenance.definition import definition
from server.provenance.parse import settings
from tests.provenance.signers import CLAIM


class Bare:
    """Signs and reads as our parsers do, with the same settings, claim and key."""

    def __init__(self, identity: Identity, trust: Trust) -> None:
        self._identity = identity
        self._trust = trust

    def sign(self, data: bytes, mime: str) -> bytes:
        """The signed file; nobody looks at it."""
        signed = io.BytesIO()
        with (
            Context.from_dict(settings(self._trust.options())) as context,
            Signer.from_callback(self._identity.sign, C2paSigningAlg.ES256, self._identity.chain_pem, None) as signer,
            Builder(definition(CLAIM, mime), context) as builder,
        ):
            builder.sign(signer, mime, io.BytesIO(data), signed)
        return signed.getvalue()

    def read(self, data: bytes, mime: str) -> str:
        """The report of the manifest store, validated."""
        with (
            Context.from_dict(settings(self._trust.options())) as context,
            Reader(mime, io.BytesIO(data), context=context) as reader,
        ):
            return str(reader.json())

    def sign_and_read(self, data: bytes, mime: str) -> None:
        """Both, which is what leaves no output unread."""
        self.read(self.sign(data, mime), mime)
