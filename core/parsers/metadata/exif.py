"""EXIF as names and texts, and as bytes that fit a picture whose pixels were changed. Knows no other tags.

Source: CIPA DC-008 (Exif 3.0); TIFF 6.0 for the structure.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from PIL import ExifTags, Image

from core.parsers.metadata.bounds import MAX_BLOCK, MAX_VALUE

_USER_COMMENT = ExifTags.Base.UserComment
_MAKER_NOTE = ExifTags.Base.MakerNote
_GPS = ExifTags.IFD.GPSInfo
# Where a TIFF keeps its strips, its colour map and other people's blocks: true of the old pixels only.
_LAYOUT = (*range(254, 267), 273, *range(277, 282), 284, *range(288, 294), 317, *range(320, 326), 330, *range(338, 348))
# Description, make, model, resolution, software, date, artist, copyright.
_OF_THE_PHOTOGRAPH = (270, 271, 272, 282, 283, 296, 305, 306, 315, 33432)
_STRUCTURAL = frozenset((*_LAYOUT, 513, 514, 700, 33723, 34377, 34675))
CODECS = ("ascii", "latin-1", "shift_jis", "utf-16-be", "utf-16-le", "utf-8")


def of_camera(data: bytes) -> Image.Exif:
    """What the first directory of a camera's raw file says of the photograph, and nothing of how it is stored.

    data: a TIFF, or what differs from one in its third and fourth byte. The maker note is left out: it is about the
    sensor's data. The orientation is 1, for the picture that `core.parsers.raws` makes is upright. Empty for other
    containers. Raises what Pillow raises.
    """
    kept = Image.Exif()
    if data[:2] not in (b"II", b"MM"):
        return kept
    found = Image.Exif()
    found.load(data[:2] + (b"*\x00" if data[:2] == b"II" else b"\x00*") + data[4:])
    for tag in _OF_THE_PHOTOGRAPH:
        if tag in found:
            kept[tag] = found[tag]
    for directory in (ExifTags.IFD.Exif, _GPS):
        inside = {tag: value for tag, value in found.get_ifd(directory).items() if tag != _MAKER_NOTE}
        if inside:
            kept[directory] = inside
    kept[ExifTags.Base.Orientation] = 1
    return kept


def fields(exif: Image.Exif) -> Iterator[tuple[str, str]]:
    """Names and texts of IFD0 and the Exif IFD. GPS positions are left out: "GPSInfo" says only that there is one."""
    for tag, value in exif.items():
        if tag not in _STRUCTURAL and tag not in (ExifTags.IFD.Exif, _GPS):
            yield ExifTags.TAGS.get(tag, f"0x{tag:04x}"), _text(value)
    for tag, value in exif.get_ifd(ExifTags.IFD.Exif).items():
        if tag == _USER_COMMENT and isinstance(value, bytes):
            yield "UserComment", user_comment(value)
        elif tag != _MAKER_NOTE:
            yield ExifTags.TAGS.get(tag, f"0x{tag:04x}"), _text(value)
    if exif.get_ifd(_GPS):
        yield "GPSInfo", "present"


def without_thumbnail(exif: Image.Exif) -> bytes:
    """EXIF for a picture with other pixels: no IFD1 (thumbnail), nothing about the layout of the old file.

    Starts with "Exif" and two zero bytes. Offsets inside a maker note may no longer hold. Empty where nothing is left
    or where it would be larger than MAX_BLOCK.
    """
    kept = Image.Exif()
    for tag, value in exif.items():
        if tag in (ExifTags.IFD.Exif, _GPS):
            kept[tag] = dict(exif.get_ifd(tag))
        elif tag not in _STRUCTURAL:
            kept[tag] = value
    raw = kept.tobytes() if len(kept) else b""
    return raw if len(raw) <= MAX_BLOCK else b""


def user_comment(value: bytes) -> str:
    """Text of a UserComment, whose first eight bytes name its character code."""
    code, body = value[:8], value[8:]
    if code.startswith(b"UNICODE"):
        return body.decode(_utf16_order(body), "replace")
    if code.startswith(b"JIS"):
        return body.decode("shift_jis", "replace")
    return (body if code.startswith((b"ASCII", bytes(8))) else value).decode("utf-8", "replace")


def _utf16_order(body: bytes) -> str:
    """The standard leaves the byte order open; Latin letters show it by where their zero bytes stand."""
    sample = body[:512]
    return "utf-16-be" if sample[0::2].count(0) >= sample[1::2].count(0) else "utf-16-le"


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value[:MAX_VALUE].decode("utf-8", "replace")
    if isinstance(value, tuple):
        return " ".join(str(item) for item in value[:16])
    return str(value)
