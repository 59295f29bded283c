"""Which camera's raw format a file is, by its first bytes. Most are TIFFs whose first directory shows it.

Knows signatures and a few tags; what is in the file, LibRaw finds out inside the sandbox. Source: TIFF 6.0, section 2;
Adobe DNG 1.7, chapter 4; TIFF/EP (ISO 12234-2) for the tags.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping

DNG = "image/x-adobe-dng"
RAW_FORMATS = (
    DNG,
    "image/x-canon-cr2",
    "image/x-canon-cr3",
    "image/x-fuji-raf",
    "image/x-nikon-nef",
    "image/x-olympus-orf",
    "image/x-panasonic-rw2",
    "image/x-pentax-pef",
    "image/x-sony-arw",
)
"""What the sensor saw, not yet a picture. Names as freedesktop.org's shared MIME database has them."""

_SIGNATURES = (
    (b"FUJIFILMCCD-RAW ", "image/x-fuji-raf"),
    (b"IIRO", "image/x-olympus-orf"),
    (b"IIRS", "image/x-olympus-orf"),
    (b"MMOR", "image/x-olympus-orf"),
    (b"IIU\x00", "image/x-panasonic-rw2"),
)
_MAKERS = ((b"NIKON", "image/x-nikon-nef"), (b"SONY", "image/x-sony-arw"), (b"PENTAX", "image/x-pentax-pef"))
_ORDERS = {b"II*\x00": "<", b"MM\x00*": ">"}
_SUBFILE, _PHOTOMETRIC, _MAKE, _SUB_DIRECTORIES, _DNG_VERSION = 254, 262, 271, 330, 50706
_REDUCED, _FILTER_ARRAY = 1, 32803
_MAX_ENTRIES = 512


def raw_format(data: bytes) -> str | None:
    """The MIME type of a camera's raw file, None for any other."""
    if found := next((mime for magic, mime in _SIGNATURES if data.startswith(magic)), None):
        return found
    order = _ORDERS.get(data[:4])
    if order is None:
        return None
    if data[8:10] == b"CR":
        return "image/x-canon-cr2"
    try:
        return _by_directory(data, dict(_entries(data, order)), order)
    except struct.error:
        return None


def _by_directory(data: bytes, entries: Mapping[int, tuple[int, int]], order: str) -> str | None:
    """By the first directory, whose picture is a small one of the raw one below it, or the raw one itself."""
    if _DNG_VERSION in entries:
        return DNG
    is_preview = _SUB_DIRECTORIES in entries and _short(data, entries, _SUBFILE, order) == _REDUCED
    if not is_preview and _short(data, entries, _PHOTOMETRIC, order) != _FILTER_ARRAY:
        return None
    count, at = entries.get(_MAKE, (0, 0))
    start = struct.unpack_from(order + "I", data, at)[0] if count > 4 else at
    make = data[start : start + min(count, 64)].upper()
    return next((mime for maker, mime in _MAKERS if make.startswith(maker)), None)


def _entries(data: bytes, order: str) -> Iterator[tuple[int, tuple[int, int]]]:
    """Tag, and count and place of its value, of each entry of the first directory."""
    (first,) = struct.unpack_from(order + "I", data, 4)
    (count,) = struct.unpack_from(order + "H", data, first)
    for at in range(first + 2, first + 2 + 12 * min(count, _MAX_ENTRIES), 12):
        tag, _, items = struct.unpack_from(order + "HHI", data, at)
        yield tag, (items, at + 8)


def _short(data: bytes, entries: Mapping[int, tuple[int, int]], tag: int, order: str) -> int:
    """A small number that lies in its entry, as 16 bits or as 32; 0 for none."""
    if tag not in entries:
        return 0
    at = entries[tag][1]
    (half,) = struct.unpack_from(order + "H", data, at)
    (whole,) = struct.unpack_from(order + "I", data, at)
    return int(half or whole)
