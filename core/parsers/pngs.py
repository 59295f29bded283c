"""PNGs of 16 bits a sample, which Pillow cuts down to their high bytes. Knows the header, and libpng by imagecodecs.

Source: PNG (Third Edition), section 11.2.1.
"""

from __future__ import annotations

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from core.errors import CorruptMedia
from core.limits import Limits
from core.media import Pixels
from core.parsers.bounds import check_size
from core.parsers.png_rows import codes_every_row

_SIZE, _DEPTH = slice(16, 24), 24  # of IHDR, which a PNG begins with
_ROWS = 256  # brought down at a time


def is_deep(data: bytes) -> bool:
    """Whether a PNG has 16 bits a sample."""
    return data[_DEPTH : _DEPTH + 1] == b"\x10"


def samples(data: bytes, limits: Limits) -> NDArray[np.uint16]:
    """(h, w, c): grey, RGB, each with or without alpha. A transparent colour is alpha.

    Raises LimitExceeded before anything is decoded, and CorruptMedia for a file that is damaged or ends early.
    """
    width, height = (int.from_bytes(data[_SIZE][at : at + 4], "big") for at in (0, 4))
    check_size(width, height, limits)
    if not codes_every_row(data):
        raise CorruptMedia("the picture ends early", field="media")
    try:
        stored = imagecodecs.png_decode(data)
    except (RuntimeError, ValueError) as error:
        raise CorruptMedia(f"the picture cannot be decoded ({type(error).__name__})", field="media") from error
    return np.asarray(stored, np.uint16).reshape(height, width, -1)


def shown(deep: NDArray[np.uint16]) -> tuple[Pixels, Pixels | None]:
    """RGB, uint8 (h, w, 3), and alpha, uint8 (h, w), None where every pixel is opaque: rounded to nearest."""
    small = np.empty(deep.shape, np.uint8)
    for top in range(0, len(deep), _ROWS):
        rows = slice(top, top + _ROWS)
        small[rows] = (deep[rows].astype(np.uint32) + 128) // 257
    channels = deep.shape[2]
    colours = small[..., :3] if channels >= 3 else small[..., :1]
    rgb = np.ascontiguousarray(np.broadcast_to(colours, (*small.shape[:2], 3)))
    alpha = np.ascontiguousarray(small[..., -1]) if channels in (2, 4) else None
    return rgb, None if alpha is None or alpha.min() == 255 else alpha


def warm() -> None:
    """Loads what is opened at first use."""
    imagecodecs.png_decode(imagecodecs.png_encode(np.zeros((4, 4, 3), np.uint16)))
