"""Media from what the "pixels" parser says: every number is checked again, because a worker may lie.

Knows the result format of `core.parsers.pixels`. Does not know how it came about.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.media import Frame, Kind, Media, View
from core.sandbox.deepening import deepened
from core.sandbox.wire import malformed

PIXELS = "pixels"
"""The parser that every opened file goes through."""
SAMPLES = "samples"
"""The parser that tells what a picture holds beyond 8 bits, see `core.parsers.deep`."""


def assemble(data: bytes, kind: Kind, mime: str, digest: str, read: Mapping[str, View]) -> Media:
    """The media, from the views of one trip, "pixels" among them.

    That view has facts width and height (int) and duration (seconds), and arrays pixels (uint8, (n, h, w, 3)),
    times (float64, (n,), seconds), and optionally alpha (uint8, (h, w)) where n is 1. Frames of a picture are exactly
    width × height; frames of videos may be smaller. Its view in the media keeps the facts alone.

    Where "samples" was read too and is a picture in grey or RGB, the frame gets it as `deep`.

    Raises ParserFailed where anything does not fit.
    """
    pixels = read[PIXELS]
    width, height = (_size(pixels.facts.get(name)) for name in ("width", "height"))
    pictures = _frames(pixels.arrays)
    if kind is Kind.IMAGE and any(picture.pixels.shape[:2] != (height, width) for picture in pictures):
        raise malformed("a picture of another size than it says")
    if SAMPLES in read and len(pictures) == 1:
        pictures = (deepened(pictures[0], read[SAMPLES]),)
    return Media(
        data=data,
        kind=kind,
        mime=mime,
        digest=digest,
        width=width,
        height=height,
        duration=_seconds(pixels.facts.get("duration")),
        pictures=pictures,
        views={name: View(view.facts) if name == PIXELS else view for name, view in read.items()},
    )


def _frames(arrays: Mapping[str, NDArray[Any]]) -> tuple[Frame, ...]:
    pixels, times, alpha = arrays.get("pixels"), arrays.get("times"), arrays.get("alpha")
    if pixels is None or pixels.dtype != np.uint8 or pixels.ndim != 4 or pixels.shape[3] != 3 or not pixels.size:
        raise malformed("no pixels")
    if times is None or times.dtype != np.float64 or times.shape != pixels.shape[:1]:
        raise malformed("pictures without times")
    if alpha is not None and (alpha.dtype != np.uint8 or pixels.shape[:3] != (1, *alpha.shape)):
        raise malformed("an alpha channel that does not fit its picture")
    return tuple(Frame(picture, alpha, _seconds(float(time))) for picture, time in zip(pixels, times, strict=True))


def _size(value: Any) -> int:
    if type(value) is not int or value < 1:
        raise malformed("no size")
    return value


def _seconds(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise malformed("no time")
    return float(value)
