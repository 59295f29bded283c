"""The time stamp inside a claim signature: what is stamped, and where the token goes.

C2PA Technical Specification 2.x, "Time-stamps": a version 2 time stamp is over the COSE CounterSignature structure of
the finished signature, and its token stands in the unprotected header `sigTst2`. That header is not signed, and the
signature's box is not hashed by the claim; so a token can be put in afterwards, as long as nothing moves. c2pa leaves
room: an unprotected header `pad`, which shrinks by what the token takes.

c2pa would ask the authority itself, but it runs where there is no network, and its signers do not use the hook that it
has for others to make its requests. Runs in the sandbox: asks outside, as for the signature.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

import cbor2

from core.errors import LimitExceeded
from server.provenance.carriers import replace_store
from server.provenance.jumbf import signatures
from server.provenance.questions import StampQuestion

SIGN1 = 18
"""CBOR tag of COSE_Sign1 (RFC 9052, section 4.2)."""
STAMP, PAD, MORE_PAD = "sigTst2", "pad", "pad2"
OVERHEAD = 64
"""Bytes, ample, that the header takes around a token."""


def countersign(file: BinaryIO, mime: str, store: bytes, signature: bytes, ask: Callable[[bytes], bytes]) -> None:
    """Puts a time stamp into a file that was just signed, if one is given.

    store: the manifest store in it. signature: the one that was made last. ask: gives a token, DER, or nothing.
    Raises ValueError where the signature is not in the file exactly once.
    """
    found = [box for _, box in signatures(store, ()) if Signature.parse(box).value == signature]
    if len(found) != 1 or store.count(found[0]) != 1:
        raise ValueError(f"the signature is in the store {len(found)} times")
    signed = Signature.parse(found[0])
    if token := ask(StampQuestion(signed.room, signed.countersigned).encode()):
        replace_store(file, mime, store, store.replace(found[0], signed.stamped(token)))


@dataclass(frozen=True, slots=True)
class Signature:
    """A COSE_Sign1 as it lies in the signature box. header: the unprotected one. size: bytes of the whole."""

    protected: bytes
    header: Mapping[Any, Any]
    payload: bytes | None
    value: bytes
    size: int

    @classmethod
    def parse(cls, data: bytes) -> Signature:
        """Raises ValueError for anything else than a tagged COSE_Sign1 of four parts."""
        tagged = cbor2.loads(data)
        if not isinstance(tagged, cbor2.CBORTag) or tagged.tag != SIGN1 or len(tagged.value) != 4:
            raise ValueError("no COSE_Sign1")
        protected, header, payload, value = tagged.value
        return cls(protected, header, payload, value, len(data))

    @property
    def room(self) -> int:
        """The largest token that fits, bytes."""
        return max(0, len(self.header.get(PAD, b"")) - OVERHEAD)

    @property
    def countersigned(self) -> bytes:
        """What a time stamp is over: the CounterSignature structure of RFC 9338, section 3.3, with nothing added."""
        return cbor2.dumps(["CounterSignature", self.protected, b"", cbor2.dumps(self.value)])

    def stamped(self, token: bytes) -> bytes:
        """The signature with the time stamp in it, DER, and just as many bytes.

        Raises LimitExceeded for a token that does not fit.
        """
        if len(token) > self.room:
            found, limit = str(len(token)), str(self.room)
            raise LimitExceeded("the timestamp does not fit", field="timestamp", limit=limit, found=found)
        header = {name: value for name, value in self.header.items() if name not in (PAD, MORE_PAD)}
        header[STAMP] = {"tstTokens": [{"val": token}]}
        return next(
            data
            for data in (self._padded(header, more) for more in ({}, {MORE_PAD: b""}, {MORE_PAD: b"\0"}))
            if len(data) == self.size
        )

    def _padded(self, header: Mapping[Any, Any], more: Mapping[str, bytes]) -> bytes:
        """With padding to `size` bytes, or one or two fewer: the length of the padding's own length may stand between.

        more: a second padding that makes up for it.
        """
        missing = self.size - len(self._encoded({**header, **more, PAD: b""}))
        sizes = range(missing, missing - 5, -1)
        candidates = (self._encoded({**header, **more, PAD: bytes(max(0, size))}) for size in sizes)
        return next((data for data in candidates if len(data) <= self.size), b"")

    def _encoded(self, header: Mapping[Any, Any]) -> bytes:
        return cbor2.dumps(cbor2.CBORTag(SIGN1, [self.protected, header, self.payload, self.value]))
