"""The first picture of a TIFF as its samples are stored, whatever their number and depth. tifffile reads it.

Pillow cuts colours of 16 bits down to 8, and opens no picture of five bands. This module knows the tags that tell how
samples are meant; it does not know what they measure. Source: TIFF 6.0, sections 3, 8 and 18.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

import imagecodecs
import numpy as np
import tifffile
from numpy.typing import NDArray

from core.errors import CorruptMedia, UnsupportedMedia
from core.limits import Limits
from core.parsers.bounds import check_size, exceeded

MAX_BANDS = 64
GREY, RGB, BANDS = "grey", "rgb", "bands"
_GREYS = frozenset({0, 1})  # of PhotometricInterpretation: 0 is white, 0 is black
_COLOURS = 2
_ALPHA = frozenset({1, 2})  # of ExtraSamples: multiplied into the colours, and not
# What tifffile and imagecodecs, whose own errors are RuntimeErrors, raise on files that are not what they claim to be.
DAMAGE = (
    *(RuntimeError, ValueError, LookupError, TypeError, AttributeError, OSError, EOFError, ArithmeticError),
    *(AssertionError, struct.error),
)
_ICC = 34675
_COMPRESSIONS = ("lzw", "zlib", "zstd", "lzma", "packbits", "jpeg2000")


@dataclass(frozen=True, slots=True)
class Layout:
    """How samples are stored. samples: of one pixel, alpha among them. bits: of one sample. kind: GREY, RGB or BANDS.

    alpha: whether the last sample is alpha; multiplied: and was multiplied into the others. inverted: 0 is white.
    icc_bytes: size of its colour profile.
    """

    width: int
    height: int
    samples: int
    bits: int
    dtype: np.dtype[Any]
    kind: str
    alpha: bool
    multiplied: bool
    inverted: bool
    icc_bytes: int = 0

    @property
    def is_plain(self) -> bool:
        """Whether 8-bit RGB and alpha say all that the file does."""
        return self.bits <= 8 and self.dtype.kind in "ub" and self.kind != BANDS


def layout(stream: BinaryIO, limits: Limits) -> Layout | None:
    """What the header of a TIFF says; None where samples stand for colours by a table or a formula (palette, CMYK, …).

    Raises CorruptMedia for a damaged header, UnsupportedMedia for complex numbers, and LimitExceeded for more than
    `limits` and MAX_BANDS allow.
    """
    with _page(stream, 0) as page:
        return _layout(page, limits)


def count(stream: BinaryIO) -> int:
    """The number of pages. Raises CorruptMedia where the chain of them is damaged."""
    with _opened(stream) as file:
        return len(file.pages)


def read(stream: BinaryIO, limits: Limits, index: int = 0) -> tuple[Layout, NDArray[Any]] | None:
    """The layout, and the samples as an array (h, w, samples) of the stored type; None where `layout` gives None.

    index: of the page. Raises as `layout` does, and CorruptMedia for a file that ends early or is compressed in a way
    that is not read.
    """
    with _page(stream, index) as page:
        found = _layout(page, limits)
        if found is None:
            return None
        stored = page.asarray(squeeze=False, maxworkers=1)  # (planes, depth, h, w, samples of a plane)
        if stored.shape[1:4] != (1, found.height, found.width):
            raise CorruptMedia("the picture is not flat", field="media", limit="one layer", found=str(stored.shape[1]))
        samples = np.moveaxis(stored[:, 0], 0, 2).reshape(found.height, found.width, -1)
        return found, np.ascontiguousarray(samples, _plain(samples.dtype))


def warm() -> None:
    """Loads the codecs, each of which lies in a file of its own that is opened at first use."""
    ramp = np.arange(48 * 16 * 3, dtype=np.uint16).reshape(48, 16, 3)
    for compression in _COMPRESSIONS:
        for values in (ramp, ramp.astype(np.uint8), ramp.astype(np.float32)):
            file = io.BytesIO()
            try:
                tifffile.imwrite(file, values, photometric="rgb", compression=compression, metadata=None)
            except DAMAGE:  # not every codec takes every type
                continue
            file.seek(0)
            read(file, Limits())
    rows = np.ones((4, 4), np.float32)
    imagecodecs.floatpred_decode(imagecodecs.floatpred_encode(rows))
    imagecodecs.delta_decode(imagecodecs.delta_encode(rows))
    imagecodecs.packints_decode(bytes(12), "u2", 12)


@contextmanager
def _page(stream: BinaryIO, index: int) -> Iterator[Any]:
    """A page of a file. Raises as `_opened` does."""
    with _opened(stream) as file:
        yield file.pages[index]


@contextmanager
def _opened(stream: BinaryIO) -> Iterator[tifffile.TiffFile]:
    """A file; what the libraries raise while it is open becomes ours."""
    try:
        with tifffile.TiffFile(stream) as file:
            yield file
    except DAMAGE as error:
        # A library's text may quote the file, and refusals are recorded for good: the type has to do.
        raise CorruptMedia(f"the picture cannot be decoded ({type(error).__name__})", field="media") from error


def _layout(page: Any, limits: Limits) -> Layout | None:
    width, height, samples = int(page.imagewidth), int(page.imagelength), int(page.samplesperpixel)
    check_size(width, height, limits)
    if samples > MAX_BANDS:
        raise exceeded("bands", "number of bands", MAX_BANDS, samples)
    if page.dtype is None or page.dtype.kind not in "buif":
        message = "samples are no plain numbers of one type"
        raise UnsupportedMedia(message, field="media", limit="integers or floats", found=str(page.dtype))
    meaning = int(page.photometric)
    extra = [int(each) for each in page.extrasamples]
    alpha = len(extra) == 1 and extra[0] in _ALPHA
    colours = samples - alpha
    if meaning not in _GREYS | {_COLOURS}:
        return None
    kind = {(True, 1): GREY, (False, 3): RGB}.get((meaning in _GREYS, colours), BANDS)
    alpha = alpha and kind != BANDS
    return Layout(
        width,
        height,
        samples,
        bits=int(page.bitspersample),
        dtype=_plain(page.dtype),
        kind=kind,
        alpha=alpha,
        multiplied=alpha and extra[0] == 1,
        inverted=meaning == 0,
        icc_bytes=int(page.tags[_ICC].count) if _ICC in page.tags else 0,
    )


def _plain(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The type as it leaves the sandbox: in the machine's byte order, bits as bytes, half precision as single."""
    if dtype.kind == "b":
        return np.dtype(np.uint8)
    return np.dtype(np.float32) if dtype == np.float16 else dtype.newbyteorder("=")
