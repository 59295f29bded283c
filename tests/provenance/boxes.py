"""Manifest stores as trees of boxes, to be taken apart, spoilt and put together again, and a PNG to carry them.

A PNG takes a store of any length and makes no demands on it, so whatever is found is found in the store.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field

from tests.provenance.surgery import chunk

JUMB, JUMD = b"jumb", b"jumd"
MANIFEST = bytes.fromhex("63326d6100110010800000aa00389b71")
COMPRESSED = bytes.fromhex("6332636d00110010800000aa00389b71")
STORE = bytes.fromhex("6332706100110010800000aa00389b71")


@dataclass
class Box:
    """One box. body: its content; a superbox has children instead. length: what it says of its own length, if a lie."""

    kind: bytes
    body: bytes = b""
    children: list[Box] = field(default_factory=list)
    length: int | None = None

    @classmethod
    def parse(cls, data: bytes) -> list[Box]:
        """The boxes in a row of honest ones."""
        found, at = [], 0
        while at < len(data):
            length, kind = struct.unpack_from(">I4s", data, at)
            body = data[at + 8 : at + length]
            found.append(cls(kind, children=cls.parse(body)) if kind == JUMB else cls(kind, body))
            at += length
        return found

    def encode(self) -> bytes:
        """As it lies in a file."""
        body = b"".join(child.encode() for child in self.children) if self.children else self.body
        length = 8 + len(body) if self.length is None else self.length
        return struct.pack(">I4s", length & 0xFFFFFFFF, self.kind) + body

    def walk(self) -> Iterator[Box]:
        """This box and all in it."""
        yield self
        for child in self.children:
            yield from child.walk()


def superbox(kind: bytes, label: bytes, *children: Box) -> Box:
    """A superbox with its description."""
    return Box(JUMB, children=[Box(JUMD, kind + b"\x03" + label + b"\0"), *children])


def carried(store: bytes, picture: bytes) -> bytes:
    """The PNG `picture` with a store in its place, instead of the one it may have."""
    start = picture.find(b"caBX")
    if start >= 0:
        size = struct.unpack_from(">I", picture, start - 4)[0]
        picture = picture[: start - 4] + picture[start + 8 + size :]
    return picture[:33] + chunk(b"caBX", store) + picture[33:]


def store_in(png: bytes) -> bytes:
    """The content of its manifest chunk."""
    start = png.index(b"caBX")
    (size,) = struct.unpack_from(">I", png, start - 4)
    return png[start + 4 : start + 4 + size]


@dataclass(frozen=True)
class Place:
    """Where a change is made: a superbox, the number of a child in it, a box, another superbox; and with what."""

    parent: Box
    at: int
    box: Box
    other: Box
    number: int
    data: bytes


def swap(place: Place) -> None:
    """A child for the first of another superbox. Copies, or a box might come to lie in itself."""
    mine, theirs = deepcopy(place.parent.children[place.at]), deepcopy(place.other.children[0])
    place.other.children[0] = mine
    if place.at < len(place.parent.children):
        place.parent.children[place.at] = theirs


def fill(place: Place) -> None:
    """Eight bytes of a box, wherever they are."""
    at = place.number % (len(place.box.body) + 1)
    place.box.body = place.box.body[:at] + place.data + place.box.body[at + len(place.data) :]


MUTATIONS: dict[str, Callable[[Place], object]] = {
    "delete": lambda place: place.parent.children.pop(place.at),
    "repeat": lambda place: place.parent.children.append(deepcopy(place.parent.children[place.at])),
    "swap": swap,
    "retag": lambda place: setattr(place.box, "kind", (place.data + b"jumb")[:4]),
    "lie": lambda place: setattr(place.box, "length", place.number),
    "truncate": lambda place: setattr(place.box, "body", place.box.body[: place.number % (len(place.box.body) + 1)]),
    "nest": lambda place: setattr(place.parent, "children", [Box(JUMB, children=place.parent.children)]),
    "fill": fill,
}


def mutate(store: Box, operation: str, first: int, second: int, data: bytes) -> None:
    """One change at a place that the numbers choose; none where no superbox is left."""
    boxes = list(store.walk())
    parents = [box for box in boxes if box.children]
    if parents:
        parent = parents[first % len(parents)]
        place = Place(
            parent=parent,
            at=second % len(parent.children),
            box=boxes[first % len(boxes)],
            other=parents[second % len(parents)],
            number=second,
            data=data,
        )
        MUTATIONS[operation](place)
