"""Small files of every format that can carry credentials, made on the spot, and ways to spoil them."""

from __future__ import annotations

import io

import av
import numpy as np
from PIL import Image

PILLOW = {
    "image/avif": "AVIF",
    "image/gif": "GIF",
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/tiff": "TIFF",
    "image/webp": "WEBP",
}
MP4 = "video/mp4"
MOV = "video/quicktime"
MIMES = (*PILLOW, MP4)
SIDE = 64


def make(mime: str, side: int = SIDE, seed: int = 0) -> bytes:
    """A picture or a film of noise, unsigned."""
    if mime in (MP4, MOV):
        return film(side, seed, "mp4" if mime == MP4 else "mov")
    buffer = io.BytesIO()
    Image.fromarray(noise(side, seed)).save(buffer, PILLOW[mime])
    return buffer.getvalue()


def film(side: int, first: int = 0, form: str = "mp4") -> bytes:
    """Five frames of MPEG-4 video. form: of the file, "mp4" or "mov"."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=form) as container:
        stream = container.add_stream("mpeg4", rate=5)
        stream.width = stream.height = side
        stream.pix_fmt = "yuv420p"
        for seed in range(first, first + 5):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(noise(side, seed), format="rgb24")))
        container.mux(stream.encode())
    return buffer.getvalue()


def noise(side: int, seed: int = 0) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """uint8, (side, side, 3)."""
    return np.random.default_rng(seed).integers(0, 256, (side, side, 3), np.uint8)


def flip(data: bytes, at: int) -> bytes:
    """One bit of one byte changed."""
    changed = bytearray(data)
    changed[at] ^= 1
    return bytes(changed)


def replace_once(data: bytes, old: bytes, new: bytes) -> bytes:
    """The first `old` changed to a `new` of the same length."""
    if len(old) != len(new) or old not in data:
        raise ValueError(f"cannot replace {old!r}")
    return data.replace(old, new, 1)


def reencode(data: bytes, mime: str) -> bytes:
    """The picture alone, encoded anew: what a platform does to an upload."""
    buffer = io.BytesIO()
    Image.open(io.BytesIO(data)).convert("RGB").save(buffer, PILLOW[mime])
    return buffer.getvalue()


def pixel_offset(plain: bytes, signed: bytes) -> int:
    """Where in the signed file the middle of the unsigned one lies: in pixel data, never in a manifest."""
    middle = len(plain) // 2
    return signed.index(plain[middle : middle + 16])
