"""Finds the signer's certificate inside a manifest store, because c2pa does not hand it out.

c2pa lets a certificate sign claims whose only key purpose is timeStamping; `judge` must see the purposes itself to
refuse that. Boxes are ISO 19566-5 (JUMBF), the signature is COSE_Sign1 (RFC 9052) with an x5chain header (RFC 9360).
Hostile input: runs in the sandbox only. Knows nothing of trust.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from typing import Any

import cbor2
from cryptography import x509

SIGNATURE_LABEL = "c2pa.signature"
X5CHAIN = (33, "x5chain")  # the registered header, and the name used before it was registered
LABELLED = 0b10
DESCRIPTION_HEAD = 17  # type UUID and toggles
MAX_DEPTH = 4  # store, manifest, signature, content
# What struct, cbor2 and cryptography raise on bytes that are not what they claim to be.
DAMAGE = (struct.error, ValueError, LookupError, TypeError, cbor2.CBORError, RecursionError, OverflowError)


def signer_purposes(store: bytes, manifest: str) -> list[str] | None:
    """Key purposes of the leaf that signed `manifest`, dotted identifiers, sorted; empty where the leaf names none.

    store: a JUMBF manifest store. manifest: the label. None where the certificate cannot be found or read.
    """
    try:
        leaf = x509.load_der_x509_certificate(leaf_of(signature_of(store, manifest)))
        purposes = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return []
    except DAMAGE:
        return None
    return sorted(purpose.dotted_string for purpose in purposes)


def leaf_of(signature: bytes) -> bytes:
    """The first certificate, DER, of a COSE_Sign1's x5chain, which may stand in either header."""
    sign1 = cbor2.loads(signature)
    protected, unprotected, *_ = sign1.value if isinstance(sign1, cbor2.CBORTag) else sign1
    headers: Mapping[Any, Any] = {**unprotected, **cbor2.loads(protected)}
    chain = next(headers[name] for name in X5CHAIN if name in headers)
    return bytes(chain if isinstance(chain, bytes) else chain[0])


def signature_of(store: bytes, manifest: str) -> bytes:
    """The CBOR in the signature box of the labelled manifest. LookupError where there is none."""
    for path, content in contents(store, ()):
        if path[-2:] == (manifest, SIGNATURE_LABEL):
            return content
    raise LookupError(f"no signature under {manifest}")


def contents(data: bytes, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], bytes]]:
    """Every CBOR content box with the labels of the superboxes around it."""
    for kind, payload in boxes(data):
        if kind == b"jumb" and len(path) < MAX_DEPTH:
            yield from contents(payload, (*path, label_of(payload)))
        elif kind == b"cbor":
            yield path, payload


def label_of(superbox: bytes) -> str:
    """The label in the description box, with which every superbox begins; "" without one."""
    kind, description = next(boxes(superbox), (b"", b""))
    if kind != b"jumd" or len(description) < DESCRIPTION_HEAD or not description[16] & LABELLED:
        return ""
    return description[DESCRIPTION_HEAD:].split(b"\0", 1)[0].decode("utf-8", "replace")


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Type and payload of each box in a row. A length of 0 means "to the end", of 1 that 64 bits follow."""
    at = 0
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        head = 8
        if length == 1:
            (length,) = struct.unpack_from(">Q", data, at + 8)
            head = 16
        elif length == 0:
            length = len(data) - at
        if length < head or at + length > len(data):
            raise ValueError(f"box at {at} has the impossible length {length}")
        yield kind, data[at + head : at + length]
        at += length
