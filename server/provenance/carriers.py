"""Where a manifest store lies in a file, and replacing it by one of the same size.

JPEG cuts it into APP11 segments (ISO 19566-5, annex D), GIF into sub-blocks, PNG adds a checksum; in all other formats
it lies in one piece. Runs in the sandbox, over files that c2pa has just written. Knows nothing of what a store says.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO, TypeAlias

Places: TypeAlias = Iterator[tuple[int, int]]
"""Where the pieces begin, and how many bytes each has."""

PNG_SIGNATURE = 8
CHUNK = b"caBX"
APP11, SCAN = 0xEB, 0xDA
SEGMENT = struct.Struct(">2s2sI8s8x4s")  # "JP", number of the box, of its segment; length and type; type of content
STORE = b"c2pa"
"""How the type of a manifest store begins, in the description box at its front."""
APPLICATION = b"C2PA_GIF\x01\x00\x00"
WINDOW = 1 << 20


def replace_store(file: BinaryIO, mime: str, old: bytes, new: bytes) -> None:
    """Writes `new` over the store `old` in `file`. Raises ValueError unless it lies there exactly as it must.

    old, new: of the same length. file: open for reading and writing.
    """
    if len(old) != len(new):
        raise ValueError(f"a store of {len(old)} bytes cannot become one of {len(new)}")
    places = list(PLACES[mime](file) if mime in PLACES else whole(file, old))
    if b"".join(read_at(file, *place) for place in places) != old:
        raise ValueError(f"the store does not lie in the {mime} as it was written")
    at = 0
    for offset, size in places:
        file.seek(offset)
        file.write(new[at : at + size])
        at += size
    if mime == "image/png":
        file.write(struct.pack(">I", zlib.crc32(new, zlib.crc32(CHUNK))))


def png(file: BinaryIO) -> Places:
    """The content of the one caBX chunk."""
    at = PNG_SIGNATURE
    while len(head := read_at(file, at, 8)) == 8:
        size, kind = struct.unpack(">I4s", head)
        if kind == CHUNK:
            yield at + 8, size
        at += size + 12


def jpeg(file: BinaryIO) -> Places:
    """The content of the APP11 segments of the box that holds the store; there may be other boxes.

    Each segment repeats the box's length and type, which belong to the store in the first one only.
    """
    at, box = 2, b""
    while len(head := read_at(file, at, 4)) == 4:
        marker, size = head[1], struct.unpack(">H", head[2:])[0]
        if head[0] != 0xFF or marker == SCAN:
            return
        if marker == APP11 and len(front := file.read(SEGMENT.size)) == SEGMENT.size:
            identifier, number, segment, _, content = SEGMENT.unpack(front)
            if identifier == b"JP" and segment == 1 and content == STORE:
                box = number
            if identifier == b"JP" and number == box:
                skipped = 8 if segment == 1 else 16
                yield at + 4 + skipped, size - 2 - skipped
        at += 2 + size


def gif(file: BinaryIO) -> Places:
    """The sub-blocks of C2PA's application extension."""
    at = find(file, b"\x21\xff\x0b" + APPLICATION) + 14
    while (size := read_at(file, at, 1)[0]) != 0:
        yield at + 1, size
        at += 1 + size


def whole(file: BinaryIO, store: bytes) -> Places:
    """The one piece that is `store`."""
    yield find(file, store), len(store)


def find(file: BinaryIO, wanted: bytes) -> int:
    """Where `wanted` begins, without holding the file in memory. Raises ValueError where it is not."""
    at, overlap = 0, len(wanted) - 1
    while len(window := read_at(file, at, WINDOW + overlap)) >= len(wanted):
        if (found := window.find(wanted)) >= 0:
            return at + found
        at += WINDOW
    raise ValueError("the store is not in the file")


def read_at(file: BinaryIO, offset: int, size: int) -> bytes:
    """Up to `size` bytes from `offset`."""
    file.seek(offset)
    return file.read(size)


PLACES: dict[str, Callable[[BinaryIO], Places]] = {"image/png": png, "image/jpeg": jpeg, "image/gif": gif}
