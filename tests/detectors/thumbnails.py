"""JPEGs with a thumbnail in their EXIF, written byte by byte: Pillow writes none."""

from __future__ import annotations

import struct

import cv2
import numpy as np

from core.media import Pixels
from training.evaluation.forgeries import to_jpeg

_ORIENTATION, _COMPRESSION, _START, _LENGTH = 0x0112, 0x0103, 0x0201, 0x0202
_SHORT, _LONG = 3, 4
_JPEG = 6


def reduced(pixels: Pixels, longest: int = 160) -> Pixels:
    """As a camera would make it."""
    factor = longest / max(pixels.shape[:2])
    return np.asarray(cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def exif(thumbnail: bytes, orientation: int = 1, *, start: int | None = None, length: int | None = None) -> bytes:
    """An EXIF block with two directories. start, length: what IFD1 says, instead of the truth."""
    first = struct.pack(">H", 1) + _entry(_ORIENTATION, _SHORT, orientation)
    second_at = 8 + len(first) + 4
    thumbnail_at = second_at + 2 + 3 * 12 + 4
    second = struct.pack(">H", 3) + _entry(_COMPRESSION, _SHORT, _JPEG)
    second += _entry(_START, _LONG, thumbnail_at if start is None else start)
    second += _entry(_LENGTH, _LONG, len(thumbnail) if length is None else length)
    tiff = b"MM\x00\x2a" + struct.pack(">I", 8) + first + struct.pack(">I", second_at) + second + bytes(4)
    return b"Exif\x00\x00" + tiff + thumbnail


def with_exif(jpeg: bytes, block: bytes) -> bytes:
    """The JPEG with an APP1 segment before all others."""
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + jpeg[2:]


def photograph_of(pixels: Pixels, thumbnail: Pixels, orientation: int = 1, quality: int = 90) -> bytes:
    """A JPEG with a thumbnail."""
    return with_exif(to_jpeg(pixels, quality), exif(to_jpeg(thumbnail, 80), orientation))


def _entry(tag: int, kind: int, value: int) -> bytes:
    packed = struct.pack(">HH", value, 0) if kind == _SHORT else struct.pack(">I", value)
    return struct.pack(">HHI", tag, kind, 1) + packed
