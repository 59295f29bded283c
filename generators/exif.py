"""Keeps the size that EXIF states true after the pixels were made anew, and reads which way up they are shown.

The bytes were written by the sandbox's parser from what it understood; here two directories are walked and two numbers
put in place, every read within bounds, and anything unexpected leaves the bytes as they are. This module knows no
other tag but the orientation. Source: TIFF 6.0 section 2; CIPA DC-008 (Exif 3.0) sections 4.6.2 and 4.6.5.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

_HEADER = b"Exif\x00\x00"
_ORDERS = {b"II*\x00": "<", b"MM\x00*": ">"}
_ORIENTATION = 0x0112
_EXIF_IFD = 0x8769
_PIXEL_X, _PIXEL_Y = 0xA002, 0xA003
_FORMATS = {3: "H2x", 4: "I"}  # SHORT and LONG; both lie in the entry itself


def with_size(exif: bytes, width: int, height: int) -> bytes:
    """`exif`, with or without its six-byte prefix, stating `width` and `height` where it stated a size before.

    Returned unchanged where it states none, is no TIFF structure, or the number does not fit the entry.
    """
    start = len(_HEADER) if exif.startswith(_HEADER) else 0
    body = bytearray(exif[start:])
    order = _ORDERS.get(bytes(body[:4]))
    if order is None:
        return exif
    try:
        _set_sizes(body, order, {_PIXEL_X: width, _PIXEL_Y: height})
    except struct.error:
        return exif
    return exif[:start] + bytes(body)


def orientation(exif: bytes) -> int:
    """The EXIF orientation, 1 to 8, of `exif` with or without its prefix; 1 where it states none that counts."""
    body = bytearray(exif.removeprefix(_HEADER))
    order = _ORDERS.get(bytes(body[:4]))
    if order is None:
        return 1
    try:
        (first,) = struct.unpack_from(order + "I", body, 4)
        for tag, kind, value_at in _entries(body, order, first):
            if tag == _ORIENTATION and kind in _FORMATS:
                (stated,) = struct.unpack_from(order + _FORMATS[kind], body, value_at)
                return int(stated) if stated in range(1, 9) else 1
    except struct.error:
        pass
    return 1


def _set_sizes(body: bytearray, order: str, sizes: dict[int, int]) -> None:
    """Raises struct.error for an offset or a count that leads out of `body`, and for a number that does not fit."""
    (first,) = struct.unpack_from(order + "I", body, 4)
    for tag, _, value_at in _entries(body, order, first):
        if tag != _EXIF_IFD:
            continue
        (below,) = struct.unpack_from(order + "I", body, value_at)
        for inner, kind, inner_at in _entries(body, order, below):
            if inner in sizes and kind in _FORMATS:
                struct.pack_into(order + _FORMATS[kind], body, inner_at, sizes[inner])


def _entries(body: bytearray, order: str, offset: int) -> Iterator[tuple[int, int, int]]:
    """(tag, type, where its value lies) for each entry of the directory at `offset`."""
    (count,) = struct.unpack_from(order + "H", body, offset)
    for index in range(count):
        at = offset + 2 + 12 * index
        tag, kind = struct.unpack_from(order + "HH", body, at)
        yield tag, kind, at + 8
