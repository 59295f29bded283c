"""What strangers write into manifests to hurt those who read them."""

from __future__ import annotations

import struct
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import brotli

from core.credential import CredentialState
from server.provenance import Identity
from tests.provenance.boxes import COMPRESSED, MANIFEST, Box, carried, store_in, superbox
from tests.provenance.files import make
from tests.provenance.manifests import CAPTURED, JPEG, Part, act, actions, produce

TEXTS = {
    "terminal": "\x1b[2J\x1b]0;owned\x07\x9b31m",
    "markup": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "rich": "[red]not markup[/red][link=http://x]",
    "traversal": "../../../../etc/passwd\\..\\x",
    "sql": "'; DROP TABLE entries; --",
    "reversed": "photo\u202egpj.exe\u2066\u2069",
    "lines": "TRUSTED\r\nsigned by Everybody\u2028\u2029",
    "zero": "before\x00after",
    "format": "%s%n{0.__class__}${jndi:ldap://x}",
    "long": "\U0001f4f7" * 5000,
    "combining": "\ufeff" + "e\u0301" * 100,
}


def everywhere(text: str, identity: Identity) -> bytes:
    """A well signed file with a text in every place where a manifest has one."""
    told = actions(
        act("c2pa.opened", text[:40]),
        act("c2pa.edited", description=text, softwareAgent={"name": text, "version": text}, reason=text, when=text),
        act(text, digitalSourceType=text),
    )
    return produce(
        text,
        identity,
        told,
        {"label": "org.example.note", "data": {text: text}},
        {"label": "c2pa.soft-binding", "data": {"alg": text, "blocks": [{"scope": {}, "value": text}]}},
        {"label": "cawg.training-mining", "data": {"entries": {text: {"use": text, "constraint_info": text}}}},
        parts=[Part(text[:40], make(JPEG))],
        tool=text,
    )


def provenance_packet(url: str) -> bytes:
    """An XMP packet that says where the manifest is."""
    return (
        '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
        f'xmlns:dcterms="http://purl.org/dc/terms/" dcterms:provenance="{url}"/></rdf:RDF></x:xmpmeta>'
        '<?xpacket end="w"?>'
    ).encode()


def pointing(url: str) -> bytes:
    """A JPEG whose XMP says that its manifest is at an address."""
    body = b"http://ns.adobe.com/xap/1.0/\0" + provenance_packet(url)
    picture = make(JPEG)
    return picture[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + picture[2:]


def naming(url: str, identity: Identity) -> bytes:
    """A signed file that names an address in assertions and takes in a file that points to it."""
    return produce(
        "named",
        identity,
        actions({**CAPTURED, "parameters": {"org.example.url": url}}),
        {"label": "c2pa.cloud-data", "data": {"label": "c2pa.actions", "location": {"url": url, "hash": ""}}},
        {"label": "c2pa.external-reference", "data": {"location": {"url": url, "alg": "sha256", "hash": "AAAA"}}},
        parts=[Part("pointing", pointing(url), "componentOf")],
    )


UNREADABLE, ALTERED = CredentialState.UNPARSEABLE, CredentialState.INVALID


class Raw(Box):
    """Bytes in place of a box."""

    def __init__(self, data: bytes) -> None:
        super().__init__(b"raw ", data)

    def encode(self) -> bytes:
        """Just these."""
        return self.body


Spoil = Callable[[Box], Any]


def manifest_of(store: Box) -> Box:
    """The last manifest of a store."""
    return store.children[-1]


def nested(levels: int) -> bytes:
    """Superboxes in each other."""
    data = b""
    description = struct.pack(">I4s", 27, b"jumd") + MANIFEST + b"\x03x\0"
    for _ in range(levels):
        data = struct.pack(">I4s", 8 + len(description) + len(data), b"jumb") + description + data
    return data


def many(store: Box, count: int) -> None:
    """Copies of the manifest under other names, before it."""
    copies = []
    for number in range(count):
        copy = deepcopy(manifest_of(store))
        copy.children[0].body = copy.children[0].body.replace(b"urn:c2pa:", b"urn:c2pa:%06x" % number, 1)
        copies.append(copy)
    store.children[1:1] = copies


def repeat(parent: Box, index: int) -> None:
    """One child once more, at the end."""
    parent.children.append(deepcopy(parent.children[index]))


def bomb(store: Box) -> None:
    """A compressed manifest of two kilobytes that unfolds to two gigabytes."""
    press = brotli.Compressor(quality=1)
    zeros = bytes(1 << 20)
    data = b"".join(press.process(zeros) for _ in range(2048)) + press.finish()
    store.children[1:] = [superbox(COMPRESSED, label_of(store), Box(b"brob", data))]


def compressed(store: Box) -> None:
    """The manifest, compressed as C2PA allows it: nothing is wrong but that the store is shorter now."""
    packed = brotli.compress(manifest_of(store).encode())
    store.children[1:] = [superbox(COMPRESSED, label_of(store), Box(b"brob", packed))]


def label_of(store: Box) -> bytes:
    """Of the last manifest."""
    return manifest_of(store).children[0].body[17:].rstrip(b"\0")


def retag(kind: bytes, other: bytes) -> Spoil:
    """The first box of a kind becomes one of another."""

    def spoil(store: Box) -> None:
        next(box for box in store.walk() if box.kind == kind).kind = other

    return spoil


def lie(kind: bytes, length: int) -> Spoil:
    """The last box of a kind says another length than it has."""

    def spoil(store: Box) -> None:
        [box for box in store.walk() if box.kind == kind][-1].length = length

    return spoil


def spoiled(signed: bytes, spoil: Spoil) -> bytes:
    """A signed PNG whose store was taken apart, spoilt and put together again."""
    (store,) = Box.parse(store_in(signed))
    spoil(store)
    return carried(store.encode(), signed)


STRUCTURES: dict[str, tuple[Spoil, CredentialState]] = {
    "no manifest in the store": (lambda store: store.children.__delitem__(slice(1, None)), UNREADABLE),
    "no description": (lambda store: store.children.__delitem__(0), UNREADABLE),
    "no signature": (lambda store: manifest_of(store).children.pop(), UNREADABLE),
    "no assertions": (lambda store: manifest_of(store).children.pop(1), UNREADABLE),
    "the claim twice": (lambda store: repeat(manifest_of(store), 2), UNREADABLE),
    "the signature twice": (lambda store: repeat(manifest_of(store), -1), UNREADABLE),
    "the manifest twice": (lambda store: repeat(store, -1), ALTERED),
    "the store in itself": (lambda store: store.children.append(deepcopy(store)), ALTERED),
    "boxes in another order": (lambda store: manifest_of(store).children.reverse(), UNREADABLE),
    "300 manifests": (lambda store: many(store, 300), UNREADABLE),
    "2000 manifests": (lambda store: many(store, 2000), UNREADABLE),
    "nested 20000 deep": (lambda store: store.children.append(Raw(nested(20_000))), UNREADABLE),
    "nested deep in it": (lambda store: manifest_of(store).children.append(Raw(nested(20_000))), UNREADABLE),
    "a compressed bomb": (bomb, UNREADABLE),
    "a compressed manifest": (compressed, ALTERED),
    "a signature of no length": (lie(b"cbor", 0), UNREADABLE),
    "a signature of seven bytes": (lie(b"cbor", 7), UNREADABLE),
    "a signature of four gigabytes": (lie(b"cbor", 0xFFFFFFFF), UNREADABLE),
    "a signature of 64-bit length": (lie(b"cbor", 1), UNREADABLE),
    "a claim of another type": (retag(b"cbor", b"json"), UNREADABLE),
    "a description of another type": (retag(b"jumd", b"jumb"), UNREADABLE),
    "a store of another type": (retag(b"jumb", b"free"), UNREADABLE),
    "no bytes": (lambda store: store.children.clear(), UNREADABLE),
}
"""What is done to the store, and the state in which the file is then."""


def moved(signed: bytes) -> bytes:
    """A PNG whose manifest lies behind the picture."""
    start = signed.index(b"caBX") - 4
    (size,) = struct.unpack_from(">I", signed, start)
    block = signed[start : start + size + 12]
    return signed[:start] + signed[start + size + 12 : -12] + block + signed[-12:]
