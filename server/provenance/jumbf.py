"""Finds the signer's certificate inside a manifest store, because c2pa does not hand it out.

c2pa lets a certificate sign claims whose only key purpose is timeStamping; `judge` must see the purposes itself to
refuse that. Boxes are ISO 19566-5 (JUMBF), the signature is COSE_Sign1 (RFC 9052) with an x5chain header (RFC 9360).
Hostile input: runs in the sandbox only. Knows nothing of trust.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import cbor2
from cryptography import x509

from server.provenance.vouching import MAX_CHAIN, Roots, vouching

SIGNATURE_TYPE = bytes.fromhex("6332637300110010800000aa00389b71")  # "c2cs"; c2pa goes by the type, not the label
X5CHAIN = (33, "x5chain")  # the registered header, and the name used before it was registered
LABELLED = 0b10
TYPE_END = 16
LABEL_START = 17  # after the toggles
MAX_PURPOSES = 32
MAX_DEPTH = 3  # store, manifest, signature


def signers(store: bytes, labels: Collection[str], lists: Sequence[Roots] = ()) -> dict[str, dict[str, Any]]:
    """Facts of the leaf that signed each of the manifests `labels`, by label.

    store: a JUMBF manifest store. Facts: purposes (dotted identifiers, sorted; empty where the leaf names none),
    not_before, not_after (ISO 8601, UTC), lists (which of `lists` vouch for it, by their addresses). A manifest whose
    signature box or certificate cannot be found or read, or that has two signature boxes, is left out: beside the box
    that c2pa verifies there must be none that deceives us.
    """
    found: dict[str, list[bytes]] = {}
    try:
        for path, content in signatures(store, ()):
            if len(path) > 1 and path[-2] in labels:
                found.setdefault(path[-2], []).append(content)
    except ValueError:
        return {}
    facts = {label: leaf_facts(contents[0], lists) for label, contents in found.items() if len(contents) == 1}
    return {label: leaf for label, leaf in facts.items() if leaf is not None}


def leaf_facts(signature: bytes, lists: Sequence[Roots]) -> dict[str, Any] | None:
    """What the leaf in a COSE_Sign1 says of itself, and who vouches for it; None where it cannot be read."""
    try:
        chain = [x509.load_der_x509_certificate(each) for each in chain_of(signature)]
        leaf = chain[0]
        return {
            "purposes": purposes_of(leaf),
            "not_before": leaf.not_valid_before_utc.isoformat(),
            "not_after": leaf.not_valid_after_utc.isoformat(),
            "lists": vouching(chain, lists),
        }
    except Exception:  # noqa: BLE001 - the input chooses what cbor2 and cryptography throw
        return None


def purposes_of(leaf: x509.Certificate) -> list[str]:
    """Its key purposes."""
    try:
        purposes = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return []
    return sorted(purpose.dotted_string for purpose in purposes)[:MAX_PURPOSES]


def chain_of(signature: bytes) -> list[bytes]:
    """The certificates, DER, of a COSE_Sign1's x5chain, which may stand in either header; at most MAX_CHAIN."""
    sign1 = cbor2.loads(signature)
    protected, unprotected, *_ = sign1.value if isinstance(sign1, cbor2.CBORTag) else sign1
    headers: Mapping[Any, Any] = {**unprotected, **cbor2.loads(protected)}
    chain = next(headers[name] for name in X5CHAIN if name in headers)
    return [bytes(each) for each in ([chain] if isinstance(chain, bytes) else chain[:MAX_CHAIN])]


def signatures(data: bytes, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], bytes]]:
    """The CBOR content of every signature box, with the labels of the superboxes around it and its own."""
    for kind, payload in boxes(data):
        if kind == b"jumb" and len(path) < MAX_DEPTH:
            box_type, label = description_of(payload)
            if box_type == SIGNATURE_TYPE:
                yield from (((*path, label), content) for inner, content in boxes(payload) if inner == b"cbor")
            else:
                yield from signatures(payload, (*path, label))


def description_of(superbox: bytes) -> tuple[bytes, str]:
    """Type and label in the description box, with which every superbox begins; empty where there is none."""
    kind, description = next(boxes(superbox), (b"", b""))
    if kind != b"jumd" or len(description) < LABEL_START:
        return b"", ""
    labelled = description[TYPE_END] & LABELLED
    label = description[LABEL_START:].split(b"\0", 1)[0].decode("utf-8", "replace") if labelled else ""
    return description[:TYPE_END], label


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Type and payload of each box in a row. A length of 0 means "to the end", of 1 that 64 bits follow."""
    at = 0
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        head = 8
        if length == 1 and at + 16 <= len(data):
            (length,) = struct.unpack_from(">Q", data, at + 8)
            head = 16
        elif length == 0:
            length = len(data) - at
        if length < head or at + length > len(data):
            raise ValueError(f"box at {at} has the impossible length {length}")
        yield kind, data[at + head : at + length]
        at += length
