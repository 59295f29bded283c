"""Whether the boxes of a manifest store have the lengths that they say.

c2pa ends a box that says it is too long where the file ends, and hands out what it made of it. Nothing that is signed
is affected, but other readers refuse such a file, and one in which two readers may see two things is not to be trusted.
Runs in the sandbox, over hostile files.
"""

from __future__ import annotations

import struct
from typing import BinaryIO

from server.provenance.carriers import PLACES, find, read_at
from server.provenance.jumbf import boxes

STORE = b"jumd" + bytes.fromhex("6332706100110010800000aa00389b71")
"""How the description of a manifest store begins; before it lie its own length, and length and type of the store."""
BEFORE = 12
MAX_DEPTH = 8  # a store has four levels


def refuse_framing(file: BinaryIO, mime: str) -> None:
    """Raises ValueError where a box of the first manifest store in the file has an impossible length.

    Says nothing of files in which no store is found: that is c2pa's business.
    """
    store = raw_store(file, mime)
    if len(store) >= 8:
        length = declared(store)
        if length > len(store):
            raise ValueError(f"the manifest store says that it has {length} bytes; there are {len(store)}")
        walk(store[:length], 0)


def raw_store(file: BinaryIO, mime: str) -> bytes:
    """The store as it lies in the file, put together, with all of its declared length that there is; empty for none."""
    try:
        if mime in PLACES:
            return b"".join(read_at(file, *place) for place in PLACES[mime](file))
        start = find(file, STORE) - BEFORE
    except (ValueError, IndexError, struct.error):
        return b""
    header = read_at(file, max(start, 0), 16)
    return read_at(file, start, declared(header) if header[:4] != bytes(4) else -1) if start >= 0 else b""


def declared(store: bytes) -> int:
    """The length in the header of the first box; 0 means all that is there."""
    short: int = struct.unpack_from(">I", store)[0]
    if short == 1 and len(store) >= 16:
        return int(struct.unpack_from(">Q", store, 8)[0])
    return short or len(store)


def walk(data: bytes, depth: int) -> None:
    """Looks at every box in every superbox. Raises ValueError."""
    for kind, payload in boxes(data):
        if kind == b"jumb" and depth < MAX_DEPTH:
            walk(payload, depth + 1)
