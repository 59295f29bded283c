"""Pictures as they arrive after they were passed on: each way is a function of the pixels that gives a file.

Both classes go through the same. Files of lossless steps are PNG. The module knows pictures and codecs, no detector.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import TypeAlias

import cv2
import numpy as np
from numpy.random import Generator
from PIL import Image, ImageFilter

from core.media import Pixels
from training.evaluation.attacks import coded, fitted, resized

Delivery: TypeAlias = Callable[[Pixels, Generator], bytes]
"""RGB uint8 (h, w, 3) to a file. Equal seeds give equal files."""
AS_IS = "as it is"
"""What reports call the files that no delivery changed."""
_THUMBNAIL = 64


def file_of(pixels: Pixels, codec: str = "PNG", quality: int = 0) -> bytes:
    """A file of Pillow's `codec`, without metadata. quality: 1–100 for "JPEG" (chroma 4:2:0) and "WEBP"."""
    buffer = io.BytesIO()
    options = {"quality": quality} if quality else {"compress_level": 1}
    Image.fromarray(pixels).save(buffer, codec, **options)
    return buffer.getvalue()


def _code(pixels: Pixels, _: Generator, codec: str, quality: int) -> bytes:
    return file_of(pixels, codec, quality)


def _resize(pixels: Pixels, _: Generator, factor: float) -> bytes:
    return file_of(resized(pixels, factor))


def _blur(pixels: Pixels, _: Generator, sigma: float) -> bytes:
    return file_of(np.asarray(cv2.GaussianBlur(pixels, (0, 0), sigma), dtype=np.uint8))


def _screenshot(pixels: Pixels, rng: Generator) -> bytes:
    """Shown smaller than it is, sharpened by the screen's scaler, with a grey frame around it, captured as PNG."""
    small = Image.fromarray(resized(pixels, float(rng.uniform(0.75, 0.85))))
    sharp = np.asarray(small.filter(ImageFilter.UnsharpMask(radius=1.0, percent=80, threshold=0)), dtype=np.uint8)
    top, bottom, left, right, shade = rng.integers((0, 0, 0, 0, 220), (24, 24, 24, 24, 256)).tolist()
    framed = cv2.copyMakeBorder(sharp, top, bottom, left, right, cv2.BORDER_CONSTANT, value=[shade] * 3)
    return file_of(np.asarray(framed, dtype=np.uint8))


def _three_hops(pixels: Pixels, _: Generator) -> bytes:
    """Uploaded to one platform, saved, uploaded to the next, and again; each is stricter than the one before."""
    first = coded(fitted(pixels, 2048), "JPEG", 85)
    second = coded(fitted(first, 1080), "JPEG", 75)
    return file_of(fitted(second, 720), "JPEG", 70)


def _thumbnail(pixels: Pixels, _: Generator) -> bytes:
    """What is left of a thumbnail that somebody enlarged to the size that the picture had."""
    height, width = pixels.shape[:2]
    small = Image.fromarray(fitted(pixels, _THUMBNAIL))
    return file_of(np.asarray(small.resize((width, height), Image.Resampling.BICUBIC), dtype=np.uint8))


def _halved(pixels: Pixels, _: Generator) -> bytes:
    return file_of(resized(pixels, 0.5), "JPEG", 75)


DELIVERIES: Mapping[str, Delivery] = MappingProxyType(
    {f"jpeg_{quality}": partial(_code, codec="JPEG", quality=quality) for quality in (95, 85, 75, 60, 40)}
    | {f"resize_{factor:g}": partial(_resize, factor=factor) for factor in (0.25, 0.5, 0.75, 1.5, 2.0)}
    | {f"blur_{sigma:g}": partial(_blur, sigma=sigma) for sigma in (0.5, 1.0, 2.0)}
    | {
        "webp_75": partial(_code, codec="WEBP", quality=75),
        "screenshot": _screenshot,
        "three_hops": _three_hops,
        "thumbnail_64": _thumbnail,
        "jpeg_75_half": _halved,
    }
)
"""By name, milder ones of a kind first."""
