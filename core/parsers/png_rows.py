"""Whether a PNG codes all the rows that it declares. Pillow fills the missing ones of a short stream with zeros.

Counts what the pixel data unpack to, without keeping it. Source: PNG (Third Edition), sections 7.2, 8.1 and 10.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

_HEADER = struct.Struct(">IIBBBBB")  # IHDR, behind the signature and the head of the chunk
_HEADER_AT = 16
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
# Adam7: first column, first row, and the steps between columns and rows of each pass.
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_STEP = 1 << 18


def codes_every_row(data: bytes) -> bool:
    """Whether the pixel data of a PNG, whose chunks Pillow has accepted, unpack to all its rows."""
    wanted = _coded_size(data)
    try:
        for size in _unpacked(data):
            wanted -= size
            if wanted <= 0:
                return True
    except zlib.error:
        return False
    return False


def _coded_size(data: bytes) -> int:
    """Bytes of all rows, each with the byte that names its filter."""
    width, height, depth, colour, _, _, interlaced = _HEADER.unpack_from(data, _HEADER_AT)
    bits = depth * _SAMPLES[colour]
    passes = _PASSES if interlaced else ((0, 0, 1, 1),)
    size = 0
    for left, top, across, down in passes:
        columns, rows = -((left - width) // across), -((top - height) // down)
        if columns > 0:
            size += rows * (1 + (columns * bits + 7) // 8)
    return size


def _unpacked(data: bytes) -> Iterator[int]:
    """Sizes of what the IDAT chunks unpack to, piece by piece."""
    stream = zlib.decompressobj()
    at = _HEADER_AT - 8
    while at + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        rest = data[at + 8 : at + 8 + length] if kind == b"IDAT" else b""
        while rest and not stream.eof:
            yield len(stream.decompress(rest, _STEP))
            rest = stream.unconsumed_tail
        at += 12 + length
