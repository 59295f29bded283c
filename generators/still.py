"""Still pictures in and out: what an enhancer may work on, and its result as a file like the source.

This module knows which sources are single pictures and which metadata travels with them. It does not know what is
done to the pixels in between, nor how a file is laid out: `core.encoding` does.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.encoding import encode_image, is_written_grey
from core.errors import CorruptMedia, InvalidInput
from core.media import Frame, Kind, Media, View
from core.sandbox import SAMPLES
from generators.base import Job, Output
from generators.exif import with_size
from generators.tiling import Samples, Transform

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
    """The still picture to improve. Raises InvalidInput naming "media" for none, for video, for an animation, and as
    `refuse_measurements` does.
    """
    source = job.source
    if source is None:
        raise InvalidInput("there is no picture to improve", field="media", limit="one still picture", found="none")
    refuse_measurements(source)
    return single(source, "media", "can be improved")


def refuse_measurements(source: Media) -> None:
    """Raises InvalidInput naming "media" for a picture of which nobody knows what is black, white, red or blue.

    Inks stand for colours by a profile of the press alone: what is made of them here would have other colours.
    CorruptMedia where its samples could not be read to the end.
    """
    mode, view = source.view("pixels").facts.get("mode"), source.views.get(SAMPLES, View())
    if mode == "CMYK":
        message = "inks are not enhanced: convert the picture to RGB by its profile first"
        raise InvalidInput(message, field="media", limit="RGB or grey", found="CMYK")
    if view.error:
        raise CorruptMedia(f"its samples cannot be read: {view.error}", field="media")
    if "samples" in view.arrays and source.frames()[0].deep is None:
        raise InvalidInput(
            "the picture holds measurements, not light",
            field="media",
            limit="grey or RGB, of unsigned integers or of floats from 0 to 1",
            found=_described(view),
        )


def _described(view: View) -> str:
    """Samples that are no photograph, in words: "5 bands of uint16", "float32 from -3 to 8, with NaN"."""
    samples, facts = view.arrays["samples"], view.facts
    name = samples.dtype.name
    if facts.get("kind") not in ("grey", "rgb"):
        return f"{samples.shape[2]} bands of {name}"
    holes = ", with NaN or Inf" if samples.dtype.kind == "f" and not np.isfinite(samples).all() else ""
    return f"{name} from {facts.get('minimum')} to {facts.get('maximum')}{holes}"


def single(media: Media, field: str, use: str) -> Media:
    """`media`, where it is one still picture. Raises InvalidInput naming `field` where not; use: "can be improved"."""
    if media.kind not in STILL:
        raise InvalidInput(f"only still pictures {use}", field=field, limit="image", found=media.mime)
    count = media.view("pixels").facts.get("n_frames")
    if isinstance(count, int) and count > 1 and media.mime not in _MAIN_FIRST:
        message = f"no animations and files of several pages {use}: all but one picture would be lost"
        raise InvalidInput(message, field=field, limit="one picture", found=f"{count} pictures")
    return media


def encode_like(source: Media, frame: Frame, xmp: bytes | None = None, mime: str = "") -> Output:
    """`frame` as a file in the source's format, or PNG where that cannot hold it, with its EXIF, ICC and XMP.

    xmp: a packet in place of the source's. mime: a format in place of the source's. A profile that does not fit the
    colours of the file is left behind.
    """
    tags = source.view("tags").arrays
    exif, icc, packet = (tags[name].tobytes() if name in tags else b"" for name in ("exif", "icc", "xmp"))
    xmp = packet if xmp is None else xmp
    height, width = frame.pixels.shape[:2]
    mime = mime or (source.mime if _holds(source.mime, height, width) else _FALLBACK)
    icc = grey_profile(icc) if is_written_grey(frame, mime) else rgb_profile(icc)
    data = encode_image(frame, mime, exif=with_size(exif, width, height), icc=icc, xmp=xmp, quality=95)
    return Output(data, mime, frame)


def rewritten(output: Output, source: Media, mime: str) -> Output:
    """`output` as a file of another format, with the metadata of `source`; the very one where it is of that format.

    Raises InvalidInput naming "output_mime_type" for measured values, whose file is more than its picture, and for a
    format that cannot hold the picture.
    """
    if output.mime == mime:
        return output
    if output.measured:
        message = "files of measured values stay in their format"
        raise InvalidInput(message, field="output_mime_type", limit=output.mime, found=mime)
    height, width = output.frame.pixels.shape[:2]
    if mime != _FALLBACK and not _holds(mime, height, width):
        longest = f"sides of at most {_LONGEST.get(mime, 0)} pixels"
        message = f"the picture is too large for {mime}"
        raise InvalidInput(message, field="output_mime_type", limit=longest, found=f"{width}×{height}")
    made = encode_like(source, output.frame, mime=mime)
    return replace(made, notes=output.notes)


def _holds(mime: str, height: int, width: int) -> bool:
    return max(height, width) <= _LONGEST.get(mime, 0)


def rgb_profile(icc: bytes) -> bytes:
    """An ICC profile where it is one for RGB; b"" for one of greys or inks, which does not fit what is made here."""
    return icc if icc[_ICC_SPACE] == b"RGB " else b""


def grey_profile(icc: bytes) -> bytes:
    """An ICC profile where it is one for greys; b"" for any other."""
    return icc if icc[_ICC_SPACE] == b"GRAY" else b""


def is_neutral(pixels: Samples) -> bool:
    """Whether an RGB picture (h, w, 3) of any type holds nothing but greys."""
    red, green, blue = (pixels[..., channel] for channel in range(3))
    return np.array_equal(red, green) and np.array_equal(green, blue)


def in_greys(transform: Transform) -> Transform:
    """`transform` with its three channels averaged: what works on colours may tint a grey by a step or two."""

    def averaged(tile: Samples) -> Samples:
        made = transform(tile)
        # In double precision, so that three equal channels come back as they are.
        mean = made.mean(axis=2, keepdims=True, dtype=np.float64)
        kept = (np.rint(mean) if made.dtype == np.uint8 else mean).astype(made.dtype)
        return np.broadcast_to(kept, made.shape)

    return averaged
