"""Small real files of every format, made on the spot."""

from __future__ import annotations

import io
import struct
import zlib
from functools import cache
from typing import Any

import av
import numpy as np
from av.video.stream import VideoStream
from PIL import Image

from core.media import Pixels
from tests import dicoms
from tests.core.photofiles import dng, heic, linear, mosaic

WRITERS = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/webp": "WEBP",
    "image/avif": "AVIF",
    "image/gif": "GIF",
    "image/tiff": "TIFF",
    "image/bmp": "BMP",
}
FILMS = {
    "video/mp4": ("mp4", "libx264"),
    "video/quicktime": ("mov", "mpeg4"),
    "video/webm": ("webm", "libvpx"),
}
PHOTOGRAPHS = ("image/heif", "image/x-adobe-dng")
FORMATS = (*WRITERS, *PHOTOGRAPHS, dicoms.MIME, *FILMS)
FRAMES = 30


@cache
def scene(width: int = 64, height: int = 48) -> Pixels:
    """Smooth colours, different in every corner."""
    coarse = np.random.default_rng(7).integers(0, 256, (4, 5, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))


def save(image: Image.Image, mime: str, **options: Any) -> bytes:
    """The picture as a file of that type."""
    file = io.BytesIO()
    image.save(file, WRITERS[mime], **options)
    return file.getvalue()


@cache
def film(mime: str, frames: int = FRAMES, width: int = 64, height: int = 48, gop: int = 12) -> bytes:
    """A film at 10 frames a second whose frame i has the grey level 8 × i."""
    container_format, codec = FILMS[mime]
    file = io.BytesIO()
    with av.open(file, "w", format=container_format) as container:
        stream = container.add_stream(codec, rate=10)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.gop_size = gop
        for index in range(frames):
            grey = np.full((height, width, 3), (8 * index) % 256, dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
        container.mux(stream.encode(None))
    return file.getvalue()


@cache
def sample(mime: str) -> bytes:
    """One small file of that type."""
    if mime == "image/heif":
        return heic(scene())
    if mime == "image/x-adobe-dng":
        return dng(mosaic(linear(scene())))
    if mime == dicoms.MIME:
        return dicoms.real(dicoms.MR)
    return film(mime) if mime in FILMS else save(Image.fromarray(scene()), mime)


def png_chunk(name: bytes, body: bytes) -> bytes:
    """A PNG chunk with its checksum."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(width: int, height: int, *chunks: bytes, idat: bytes = b"", interlaced: bool = False) -> bytes:
    """A grey PNG that declares that size; `idat` is what its pixels inflate from."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, interlaced)
    parts = (png_chunk(b"IHDR", header), *chunks, png_chunk(b"IDAT", idat), png_chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def zeros(size: int) -> bytes:
    """`size` zero bytes, deflated."""
    packer = zlib.compressobj(9)
    block = bytes(1 << 20)
    parts = [packer.compress(block) for _ in range(size >> 20)]
    return b"".join([*parts, packer.compress(bytes(size & ((1 << 20) - 1))), packer.flush()])
