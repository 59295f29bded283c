"""Files of more than 8 bits a sample, made on the spot."""

from __future__ import annotations

import io
import struct
from typing import Any

import imagecodecs
import numpy as np
import tifffile
from numpy.typing import NDArray


def ramps(channels: int, height: int = 48, width: int = 64) -> NDArray[np.uint16]:
    """Values over the whole range of 16 bits, in which low bytes tell as much as high ones."""
    values = np.random.default_rng(channels).integers(0, 65_536, (height, width, channels), dtype=np.uint16)
    values[0, 0], values[0, 1] = 0, 65_535
    return values


def png16(samples: NDArray[np.uint16]) -> bytes:
    """A PNG of 16 bits: (h, w, 1) grey, 2 with alpha, 3 RGB, 4 with alpha."""
    return bytes(imagecodecs.png_encode(samples.squeeze(axis=2) if samples.shape[2] == 1 else samples))


def tiff(samples: NDArray[Any], photometric: str = "rgb", **options: Any) -> bytes:
    """A TIFF of those samples."""
    file = io.BytesIO()
    tifffile.imwrite(file, samples, photometric=photometric, metadata=None, **options)
    return file.getvalue()


def twelve_bits(samples: NDArray[np.uint16]) -> bytes:
    """A grey TIFF (h, w) of 12 bits a sample, packed, as scanners write it (TIFF 6.0, section 8)."""
    height, width = samples.shape
    body = bytes(imagecodecs.packints_encode(samples.reshape(-1), 12))
    longs = {256: width, 257: height, 273: 8, 278: height, 279: len(body)}
    shorts = {258: 12, 259: 1, 262: 1, 277: 1}
    entries = sorted(
        [(tag, 4, 1, value) for tag, value in longs.items()] + [(tag, 3, 1, v) for tag, v in shorts.items()]
    )
    directory = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *each) for each in entries) + bytes(4)
    return struct.pack("<2sHI", b"II", 42, 8 + len(body)) + body + directory
