"""Our own pictures of 16 bits a sample as PNG and TIFF files: Pillow writes colours of 8 bits only.

What stands beside the pixels in a PNG is written by Pillow all the same, around one pixel, and its chunks are moved
over. Knows both containers; does not know where metadata come from. Source: PNG (Third Edition), section 5.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import Any

import imagecodecs
import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image

from core.media import Deep, Frame

_SIGNATURE, _HEADER_END = 8, 33  # of a PNG: its signature, and the end of the IHDR chunk behind it
_OF_THE_PIXELS = frozenset({b"IHDR", b"IDAT", b"IEND", b"sBIT", b"PLTE"})
_UNDEFINED, _SHORT = 7, 3  # TIFF 6.0, section 2


def png(frame: Frame, options: dict[str, Any]) -> bytes:
    """`frame.deep` as a PNG. options: what Pillow's writer would be given for its metadata."""
    pixel = io.BytesIO()
    Image.new("RGB", (1, 1)).save(pixel, "PNG", **options)
    beside = b"".join(chunk for kind, chunk in _chunks(pixel.getvalue()) if kind not in _OF_THE_PIXELS)
    samples = _samples(frame)
    file = bytes(imagecodecs.png_encode(samples[..., 0] if samples.shape[2] == 1 else samples, level=6))
    return file[:_HEADER_END] + beside + file[_HEADER_END:]


def tiff(frame: Frame, orientation: int, icc: bytes, xmp: bytes) -> bytes:
    """`frame.deep` as a TIFF, deflated; greys with alpha as RGB with alpha, for hardly a reader takes the two alone.

    orientation: 1 to 8, as of EXIF. icc, xmp: b"" for none.
    """
    samples = _samples(frame)
    samples = samples[..., [0, 0, 0, 1]] if samples.shape[2] == 2 else samples
    is_grey = samples.shape[2] == 1
    samples = samples[..., 0] if is_grey else samples  # a third axis would be taken for columns
    tags: list[tuple[int, int, int, Any, bool]] = [(274, _SHORT, 1, orientation, True)]
    if xmp:
        tags.append((700, _UNDEFINED, len(xmp), xmp, True))
    file = io.BytesIO()
    tifffile.imwrite(
        file,
        samples,
        photometric="minisblack" if is_grey else "rgb",
        planarconfig=None if is_grey else "contig",
        extrasamples=["unassalpha"] if frame.alpha is not None else None,
        compression="adobe_deflate",
        predictor=True,
        iccprofile=icc or None,
        extratags=tags,
        metadata=None,
        software=False,
    )
    return file.getvalue()


def _samples(frame: Frame) -> Deep:
    """Colours and alpha, uint16 (h, w, 1 to 4)."""
    if frame.deep is None:
        raise ValueError("the picture has no samples of 16 bits")
    return frame.deep if frame.alpha is None else np.concatenate([frame.deep, _alpha(frame)[..., None]], axis=2)


def _alpha(frame: Frame) -> NDArray[np.uint16]:
    """Alpha at 16 bits: `deep_alpha` where it still says what `alpha` does."""
    coarse = np.asarray(frame.alpha, np.uint16)
    if frame.deep_alpha is None:
        return coarse * np.uint16(257)
    off = np.abs(frame.deep_alpha.astype(np.int32) - coarse.astype(np.int32) * 257)
    return np.where(off <= 257, frame.deep_alpha, coarse * np.uint16(257))


def _chunks(file: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The type and the whole of each chunk of a PNG of our own."""
    at = _SIGNATURE
    while at < len(file):
        (length,) = struct.unpack_from(">I", file, at)
        yield file[at + 4 : at + 8], file[at : at + 12 + length]
        at += 12 + length
