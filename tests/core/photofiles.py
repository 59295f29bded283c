"""Files as cameras and phones write them, made on the spot."""

from __future__ import annotations

import io
from typing import Any

import imagecodecs
import numpy as np
import pillow_heif
import tifffile
from numpy.typing import NDArray
from PIL import Image

from core.media import Pixels

MOST = 4095  # of a sensor of 12 bits
BLACK = 64
# From XYZ to a camera whose own colours are those of linear sRGB (IEC 61966-2-1, annex F), as ten-thousandths.
_MATRIX = (32406, -15372, -4986, -9689, 18758, 415, 557, -2040, 10570)


def mosaic(linear: NDArray[np.floating[Any]]) -> NDArray[np.uint16]:
    """What a sensor behind RGGB filters sees of linear RGB (h, w, 3), 0 to 1."""
    seen = np.empty(linear.shape[:2])
    for row, column, channel in ((0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 2)):
        seen[row::2, column::2] = linear[row::2, column::2, channel]
    return np.rint(BLACK + seen * (MOST - BLACK)).astype(np.uint16)


def dng(sensor: NDArray[np.uint16], orientation: int = 1, *, packed: bool = False, **options: Any) -> bytes:
    """A DNG (Adobe DNG 1.7, chapter 4). packed: as lossless JPEG, as most are."""
    tags: list[Any] = [
        (271, 2, 0, "Acme", True),
        (272, 2, 0, "Acme One", True),
        (274, 3, 1, orientation, True),
        (33421, 3, 2, (2, 2), True),
        (33422, 1, 4, bytes([0, 1, 1, 2]), True),
        (50706, 1, 4, bytes([1, 4, 0, 0]), True),
        (50714, 4, 1, BLACK, True),
        (50717, 4, 1, MOST, True),
        (50721, 10, 9, tuple(part for value in _MATRIX for part in (value, 10_000)), True),
        (50728, 5, 3, (1, 1, 1, 1, 1, 1), True),
        (50778, 3, 1, 21, True),
    ]
    file = io.BytesIO()
    written: Any = sensor
    if packed:
        stream = bytes(imagecodecs.jpeg_encode(sensor, lossless=True, bitspersample=12))
        options |= {"compression": 7, "shape": sensor.shape, "dtype": np.uint16, "rowsperstrip": len(sensor)}
        written = iter([stream])
    tifffile.imwrite(file, written, photometric=32803, metadata=None, software=False, extratags=tags, **options)
    return file.getvalue()


def heic(pixels: NDArray[Any], mode: str = "", **options: Any) -> bytes:
    """A HEIC without loss. pixels: uint8, or uint16 that are kept to 10 bits; (h, w, 3) or with alpha, 4."""
    height, width, channels = pixels.shape
    mode = mode or ("RGB" if channels == 3 else "RGBA") + (";16" if pixels.dtype == np.uint16 else "")
    made = pillow_heif.from_bytes(mode, (width, height), np.ascontiguousarray(pixels).tobytes())
    file = io.BytesIO()
    made.save(file, quality=-1, chroma=444, matrix_coefficients=0, **options)
    return file.getvalue()


def heic_of(image: Image.Image, **options: Any) -> bytes:
    """A HEIC of a Pillow picture and its metadata."""
    file = io.BytesIO()
    pillow_heif.from_pillow(image).save(file, quality=-1, chroma=444, matrix_coefficients=0, **options)
    return file.getvalue()


def linear(pixels: Pixels) -> NDArray[np.float64]:
    """sRGB bytes as linear light, 0 to 1 (IEC 61966-2-1)."""
    share = pixels / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
