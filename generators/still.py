"""Still pictures in and out: what an enhancer may work on, and its result as a file like the source.

This module knows which sources are single pictures and which metadata travels with them. It does not know what is
done to the pixels in between, nor how a file is laid out: `core.encoding` does.
"""

from __future__ import annotations

import numpy as np

from core.encoding import DEEP_FORMATS, encode_image
from core.errors import InvalidInput
from core.media import Frame, Kind, Media, Pixels
from generators.base import Job, Output
from generators.exif import with_size
from generators.tiling import Transform

STILL = frozenset({Kind.IMAGE})
_LONGEST = {
    "image/jpeg": 65_500,  # what libjpeg writes
    "image/webp": 16_383,
    "image/avif": 32_768,  # what libavif reads unless told otherwise
    "image/tiff": 2**31 - 1,
}
"""Formats that are answered in kind, with the longest side that they hold, pixels.

A palette (GIF) cannot hold what an enhancer makes; BMP carries no credentials.
"""
_FALLBACK = "image/png"
_ICC_SPACE = slice(16, 20)  # of a profile's header: the colours that it describes (ICC.1:2022, 7.2.8)
_MAIN_FIRST = frozenset({"image/jpeg"})
"""Formats whose further pictures are previews and depth maps of the first (CIPA DC-007, as phones write it)."""


def source_of(job: Job) -> Media:
    """The still picture to improve. Raises InvalidInput naming "media" for none, for video and for an animation."""
    source = job.source
    if source is None:
        raise InvalidInput("there is no picture to improve", field="media", limit="one still picture", found="none")
    return single(source, "media", "can be improved")


def single(media: Media, field: str, use: str) -> Media:
    """`media`, where it is one still picture. Raises InvalidInput naming `field` where not; use: "can be improved"."""
    if media.kind not in STILL:
        raise InvalidInput(f"only still pictures {use}", field=field, limit="image", found=media.mime)
    count = media.view("pixels").facts.get("n_frames")
    if isinstance(count, int) and count > 1 and media.mime not in _MAIN_FIRST:
        message = f"no animations and files of several pages {use}: all but one picture would be lost"
        raise InvalidInput(message, field=field, limit="one picture", found=f"{count} pictures")
    return media


def encode_like(source: Media, frame: Frame, xmp: bytes | None = None) -> Output:
    """`frame` as a file in the source's format, or PNG where that cannot hold it, with its EXIF, ICC and XMP.

    xmp: a packet in place of the source's. A profile that does not fit the colours of the file is left behind.
    """
    tags = source.view("tags").arrays
    exif, icc, packet = (tags[name].tobytes() if name in tags else b"" for name in ("exif", "icc", "xmp"))
    xmp = packet if xmp is None else xmp
    height, width = frame.pixels.shape[:2]
    mime = source.mime if max(height, width) <= _LONGEST.get(source.mime, 0) else _FALLBACK
    icc = grey_profile(icc) if _is_written_grey(frame, mime) else rgb_profile(icc)
    data = encode_image(frame, mime, exif=with_size(exif, width, height), icc=icc, xmp=xmp, quality=95)
    return Output(data, mime, frame)


def rgb_profile(icc: bytes) -> bytes:
    """An ICC profile where it is one for RGB; b"" for one of greys or inks, which does not fit what is made here."""
    return icc if icc[_ICC_SPACE] == b"RGB " else b""


def grey_profile(icc: bytes) -> bytes:
    """An ICC profile where it is one for greys; b"" for any other."""
    return icc if icc[_ICC_SPACE] == b"GRAY" else b""


def _is_written_grey(frame: Frame, mime: str) -> bool:
    """Whether the file has one sample for the colour of a pixel: of 8 bits they are always written as RGB."""
    return frame.deep is not None and frame.deep.shape[2] == 1 and mime in DEEP_FORMATS


def is_neutral(pixels: Pixels) -> bool:
    """Whether an RGB picture (h, w, 3) holds nothing but greys."""
    red, green, blue = (pixels[..., channel] for channel in range(3))
    return np.array_equal(red, green) and np.array_equal(green, blue)


def in_greys(transform: Transform) -> Transform:
    """`transform` with its three channels averaged: what works on colours may tint a grey by a step or two."""

    def averaged(tile: Pixels) -> Pixels:
        made = transform(tile)
        mean = np.rint(made.mean(axis=2, keepdims=True, dtype=np.float32)).astype(np.uint8)
        return np.broadcast_to(mean, made.shape)

    return averaged
