"""The `thumbnail` parser: the small picture that a camera puts into a JPEG's EXIF (IFD1), decoded. Judges nothing.

Facts: present (whether the EXIF has one), orientation (1–8, of IFD0; 1 where none is said), width, height (of the coded
picture, pixels). Arrays: pixels uint8 RGB (h, w, 3), as stored, only where there is one, each side at most MAX_SIDE.
Source: CIPA DC-008 (Exif 3.0), 4.5.2 and 4.6.5. Thumbnails without JPEG compression, which no camera writes today,
count as none.
"""

from __future__ import annotations

import io

import numpy as np
from PIL import ExifTags, Image

from core.media import View
from core.parsers.jpeg_file import looked, view_of
from core.sandbox.contract import Request

MAX_SIDE = 1024
_HEADER = b"Exif\x00\x00"
_UPRIGHT = 1
_TURNED = range(2, 9)
_FORMATS = ("JPEG", "MPO")
_CANNOT = "the thumbnail cannot be read"


def warm() -> None:
    """Loads Pillow's plugin while files can still be opened."""
    Image.preinit()


def parse(request: Request) -> View:
    """The thumbnail of the first blob; a view with an error for anything but a JPEG."""
    return view_of(request, _read, _CANNOT, _FORMATS)


def read(data: bytes) -> View:
    """Reads one JPEG. What cannot be read gives a view with an error."""
    return looked(data, _read, _CANNOT, _FORMATS)


def _read(image: Image.Image) -> View:
    exif = image.getexif()
    said = exif.get(ExifTags.Base.Orientation, _UPRIGHT)
    width, height = image.size
    orientation = int(said) if said in _TURNED else _UPRIGHT
    facts = {"present": False, "orientation": orientation, "width": width, "height": height}
    coded = _coded(exif, image.info.get("exif", b""))
    if not coded:
        return View(facts=facts)
    with Image.open(io.BytesIO(coded), formats=("JPEG",)) as small:
        if max(small.size) > MAX_SIDE:
            return View(error=f"the thumbnail has {max(small.size)} pixels a side, allowed are {MAX_SIDE}")
        pixels = np.array(small.convert("RGB"), dtype=np.uint8)
    return View(facts=facts | {"present": True}, arrays={"pixels": pixels})


def _coded(exif: Image.Exif, block: bytes) -> bytes:
    """The thumbnail's file within the EXIF block; empty where it has none."""
    entries = exif.get_ifd(ExifTags.IFD.IFD1)
    start = entries.get(ExifTags.Base.JpegIFOffset)
    length = entries.get(ExifTags.Base.JpegIFByteCount)
    if not isinstance(start, int) or not isinstance(length, int) or length <= 0:
        return b""
    return block.removeprefix(_HEADER)[start : start + length]
