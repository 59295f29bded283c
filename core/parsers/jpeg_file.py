"""A JPEG opened by Pillow for the parsers that look into one: whatever it throws at hostile bytes is a view's error."""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Callable

from PIL import Image

from core.media import View
from core.sandbox.contract import Request

Look = Callable[[Image.Image], View]
# What Pillow and struct raise on bytes that are not what they claim to be.
_DAMAGE = (OSError, ValueError, LookupError, TypeError, AttributeError, SyntaxError, struct.error, OverflowError)


def view_of(request: Request, look: Look, cannot: str, formats: tuple[str, ...] = ("JPEG",)) -> View:
    """What `look` finds in the first blob; a view with an error for anything but a JPEG. See `looked`."""
    if request.mime != "image/jpeg":
        return View(error="not a JPEG")
    return looked(request.blobs[0], look, cannot, formats)


def looked(data: bytes, look: Look, cannot: str, formats: tuple[str, ...] = ("JPEG",)) -> View:
    """What `look` finds in the opened file. cannot: what a file that is damaged is told, without its cause. formats: as
    Pillow calls them.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # sizes are limited by core.limits before any parser runs
            with Image.open(io.BytesIO(data), formats=formats) as image:
                return look(image)
    except (Image.DecompressionBombError, *_DAMAGE) as error:
        return View(error=f"{cannot} ({type(error).__name__})")
