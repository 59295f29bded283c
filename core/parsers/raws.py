"""What a camera's sensor saw, made into a picture by LibRaw: 16 bits, sRGB, the camera's own white balance, upright.

Nothing is brightened: white is what the sensor's white is. LibRaw turns the picture as the camera was held, so what is
made is upright and `tags` states no other orientation. This module knows how to ask LibRaw; it does not know makers.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import rawpy
import tifffile
from numpy.typing import NDArray

from core.errors import CorruptMedia, UnsupportedMedia
from core.limits import Limits
from core.media import View
from core.parsers import tiffs
from core.parsers.bounds import check_size
from core.sandbox.contract import Request

_SRGB_CURVE = (2.4, 12.92)  # power and slope of IEC 61966-2-1
_MAX_PICTURES = 64  # in one file: previews, the raw one, its layers


def parse(request: Request) -> View:
    """The view as `core.parsers.pixels` gives it. Raises as `develop` does."""
    deep = develop(request)
    height, width = deep.shape[:2]
    pixels = ((deep.astype(np.uint32) + 128) // 257).astype(np.uint8)
    facts = {
        "format": "RAW",
        "mode": "rgb of uint16",
        "has_alpha": False,
        "n_frames": 1,
        "declared_width": width,
        "declared_height": height,
        "icc_bytes": 0,
        "bits": 16,
        "width": width,
        "height": height,
        "duration": 0.0,
    }
    return View(facts, {"pixels": pixels[np.newaxis], "times": np.zeros(1)})


def develop(request: Request) -> NDArray[np.uint16]:
    """RGB, uint16 (h, w, 3).

    Raises CorruptMedia for a file that is damaged or ends early, UnsupportedMedia for a camera that LibRaw does not
    know, and LimitExceeded for more than `request.limits` before anything is unpacked.
    """
    _refuse_short(request)
    with _opened(request) as raw:
        sizes = raw.sizes
        for width, height in ((sizes.width, sizes.height), (sizes.raw_width, sizes.raw_height)):
            check_size(width, height, request.limits)
        made: NDArray[np.uint16] = raw.postprocess(
            output_bps=16,
            output_color=rawpy.ColorSpace.sRGB,
            gamma=_SRGB_CURVE,
            use_camera_wb=True,
            no_auto_bright=True,
        )
    return made


def warm() -> None:
    """Makes one picture of a tiny file of our own, and so loads all that is opened at first use."""
    develop(Request((_tiny(),), "image/x-adobe-dng", Limits()))


@contextmanager
def _opened(request: Request) -> Iterator[Any]:
    try:
        with rawpy.imread(io.BytesIO(request.blobs[0])) as raw:
            yield raw
    except (rawpy.LibRawFileUnsupportedError, rawpy.NotSupportedError) as error:
        message = "LibRaw does not know this camera, or how it packs its files"
        raise UnsupportedMedia(message, field="media", limit="cameras that LibRaw knows", found=request.mime) from error
    except (rawpy.LibRawError, ValueError, TypeError, AttributeError) as error:
        # LibRaw's texts may quote the file, and refusals are recorded for good: the type has to do.
        raise CorruptMedia(f"the raw picture cannot be decoded ({type(error).__name__})", field="media") from error


def _refuse_short(request: Request) -> None:
    """Raises CorruptMedia where a strip of a TIFF lies behind the file's end: LibRaw would fill up what is missing."""
    data = request.blobs[0]
    if data[:4] not in (b"II*\x00", b"MM\x00*"):
        return
    try:
        with tifffile.TiffFile(io.BytesIO(data)) as file:
            ends = [end for page in _pictures(file.pages) for end in _ends(page)]
    except tiffs.DAMAGE as error:
        raise CorruptMedia("the raw picture is damaged at its beginning", field="media") from error
    if max(ends, default=0) > len(data):
        found = str(len(data))
        raise CorruptMedia("the raw picture ends early", field="media", limit=str(max(ends)), found=found)


def _pictures(pages: Any) -> Iterator[Any]:
    """Pages, and those below them."""
    for index, page in enumerate(pages):
        if index >= _MAX_PICTURES:
            return
        yield page
        yield from page.pages or ()


def _ends(page: Any) -> Iterator[int]:
    return (start + size for start, size in zip(page.dataoffsets, page.databytecounts, strict=False))


def _tiny() -> bytes:
    """A DNG of 32×32 (Adobe DNG 1.7, chapter 4): no more tags than LibRaw wants."""
    file = io.BytesIO()
    tags: list[Any] = [
        (271, 2, 0, "Countersign", True),
        (272, 2, 0, "Countersign", True),
        (33421, 3, 2, (2, 2), True),
        (33422, 1, 4, bytes([0, 1, 1, 2]), True),
        (50706, 1, 4, bytes([1, 4, 0, 0]), True),
        (50721, 10, 9, (1, 1, 0, 1, 0, 1, 0, 1, 1, 1, 0, 1, 0, 1, 0, 1, 1, 1), True),
        (50778, 3, 1, 21, True),
    ]
    grey = np.full((32, 32), 900, np.uint16)
    tifffile.imwrite(file, grey, photometric=32803, metadata=None, software=False, extratags=tags)
    return file.getvalue()
