"""Text and metadata chunks of a PNG, read without decoding it. Knows the container, not what the texts mean.

Pillow reads the chunks behind the pixels only by decoding the pixels; a walk over chunk headers does not need to.
Source: PNG (Third Edition), W3C Recommendation, sections 5.3 and 11.3.3.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from core.parsers.metadata.bounds import MAX_BLOCK

SIGNATURE = b"\x89PNG\r\n\x1a\n"
XMP_KEYWORD = "XML:com.adobe.xmp"
_MAX_CHUNKS = 65_536
_PROFILES = ("Raw profile type exif", "Raw profile type APP1")


def texts(data: bytes) -> Iterator[tuple[str, str]]:
    """Keyword and text of each tEXt, zTXt and iTXt chunk, in file order; unreadable ones are left out."""
    readers = {b"tEXt": _latin1, b"zTXt": _compressed, b"iTXt": _international}
    for kind, body in _chunks(data):
        if kind in readers and (pair := readers[kind](body)) is not None:
            yield pair


def exif(data: bytes) -> bytes:
    """The body of the eXIf chunk, or the EXIF that ImageMagick writes as hexadecimal text; empty without either.

    Raises ValueError for text that is not hexadecimal.
    """
    if body := next((body for kind, body in _chunks(data) if kind == b"eXIf"), b""):
        return body
    profile = next((text for keyword, text in texts(data) if keyword in _PROFILES), "")
    return bytes.fromhex("".join(profile.split("\n")[3:]))


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(SIGNATURE)
    for _ in range(_MAX_CHUNKS):
        if at + 12 > len(data):
            return
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind != b"IDAT" and length <= MAX_BLOCK:
            yield kind, data[at + 8 : at + 8 + length]
        at += 12 + length


def _latin1(body: bytes) -> tuple[str, str] | None:
    keyword, found, text = body.partition(b"\x00")
    return (keyword.decode("latin-1"), _guess(text)) if found else None


def _compressed(body: bytes) -> tuple[str, str] | None:
    keyword, found, rest = body.partition(b"\x00")
    text = _inflate(rest[1:]) if found else None
    return (keyword.decode("latin-1"), _guess(text)) if text is not None else None


def _international(body: bytes) -> tuple[str, str] | None:
    keyword, found, rest = body.partition(b"\x00")
    if not found or len(rest) < 2:
        return None
    packed, text = rest[0] == 1, rest[2:].split(b"\x00", 2)[-1]
    plain = _inflate(text) if packed else text
    return (keyword.decode("latin-1"), plain.decode("utf-8", "replace")) if plain is not None else None


def _guess(text: bytes) -> str:
    """The standard says Latin-1; generators write UTF-8 all the same."""
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        return text.decode("latin-1")


def _inflate(packed: bytes) -> bytes | None:
    try:
        return zlib.decompressobj().decompress(packed, MAX_BLOCK)
    except zlib.error:
        return None
