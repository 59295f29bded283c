"""What a TIFF says of the place that it shows: its own tags, which are copied and never understood.

A coordinate system that goes into a new file by its keys is the same to the last bit, and nobody outside the sandbox
has to make sense of it. tifffile finds the tags. Sources: OGC GeoTIFF 1.1 (19-008r4), section 7; GDAL's GTiff driver.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO
from xml.etree.ElementTree import ParseError, tostring

import numpy as np
import tifffile
from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException
from numpy.typing import NDArray

SCALE, TIES, MATRIX = 33550, 33922, 34264
KEYS, DOUBLES, TEXTS = 34735, 34736, 34737
METADATA, NODATA, RPC = 42112, 42113, 50844
PALETTE = 320
PLACING = (SCALE, TIES, MATRIX, KEYS, RPC)
"""A TIFF with any of these is a scene: somebody means it to lie somewhere."""
COPIED = {"keys": (KEYS, np.uint16), "doubles": (DOUBLES, np.float64), "texts": (TEXTS, np.uint8)}
"""The coordinate system."""
RASTER_TYPE, POINT = 1025, 2  # a key, and its value where pixels are points (GeoTIFF 1.1, 7.5.1)
MAX_VALUES = 1 << 16  # of one tag
# What tifffile raises on files that are not what they claim to be.
DAMAGE = (
    *(RuntimeError, ValueError, LookupError, TypeError, AttributeError, OSError, EOFError, ArithmeticError),
    *(struct.error, AssertionError),
)
_REDUCED, _MASK = 1, 4  # bits of NewSubfileType (TIFF 6.0, section 8)
_STATISTICS = "STATISTICS_"  # how the names of GDAL's items begin that new values would make untrue


@contextmanager
def opened(stream: BinaryIO) -> Iterator[Any]:
    """The file as tifffile sees it."""
    stream.seek(0)
    with tifffile.TiffFile(stream) as file:
        yield file


def is_scene(stream: BinaryIO) -> bool:
    """Whether a TIFF says where it lies. A damaged one does not: whoever decodes it will tell what is wrong."""
    try:
        with opened(stream) as file:
            return any(code in file.pages.first.tags for code in PLACING)
    except DAMAGE:
        return False


def numbers(page: Any, code: int, dtype: Any) -> NDArray[Any] | None:
    """The values of a tag, (n,); None where the page lacks it, or where it has more than any sound file."""
    tag = page.tags.get(code)
    if tag is None or tag.count > MAX_VALUES:
        return None
    value = tag.value
    if isinstance(value, str):
        value = list(value.encode("latin-1", "replace") + b"\x00")
    return np.atleast_1d(np.asarray(value, dtype))


def text(page: Any, code: int) -> str:
    """The text of a tag; "" where the page lacks it."""
    tag = page.tags.get(code)
    return str(tag.value).strip("\x00 ") if tag is not None and tag.count <= MAX_VALUES else ""


def is_point(page: Any) -> bool:
    """Whether coordinates name the middle of a pixel and not its corner."""
    keys = numbers(page, KEYS, np.uint16)
    if keys is None or keys.size < 4:
        return False
    entries = keys[4 : keys.size - keys.size % 4].reshape(-1, 4)
    return any(int(key) == RASTER_TYPE and int(value) == POINT for key, _, _, value in entries)


def subfiles(file: Any, limit: int) -> dict[str, int]:
    """How many pictures, overviews and masks there are, of at most `limit` pages."""
    found = {"pictures": 0, "overviews": 0, "masks": 0}
    for number, page in enumerate(file.pages):
        if number >= limit:
            break
        tag = page.tags.get(254)
        meaning = int(tag.value) if tag is not None else 0
        found["masks" if meaning & _MASK else "overviews" if meaning & _REDUCED else "pictures"] += 1
    return found


def metadata(page: Any) -> bytes:
    """GDAL's items (descriptions, units, scale and offset, …) as XML, without statistics; b"" where nothing is sound.

    Entities and outside references are refused.
    """
    found = text(page, METADATA)
    try:
        root = ElementTree.fromstring(found) if found else None
    except (ParseError, DefusedXmlException, ValueError):
        return b""
    if root is None or root.tag != "GDALMetadata":
        return b""
    for item in list(root):
        if item.get("name", "").startswith(_STATISTICS):
            root.remove(item)
    written: bytes = tostring(root, encoding="utf-8")
    return written if len(root) and len(written) <= MAX_VALUES else b""
