"""A small picture of an output for its manifest, which shows what was signed once the file itself was altered.

Made here, because the library's own costs more than everything else about signing. Runs in the sandbox.
"""

from __future__ import annotations

import io
from typing import BinaryIO

from PIL import (
    AvifImagePlugin,
    GifImagePlugin,
    Image,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from core.parsers.samples import to_rgb

# Loaded here and not by Pillow when it first meets a format, which is too late once we are confined.
PLUGINS = (AvifImagePlugin, GifImagePlugin, JpegImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin)
SIDE = 256  # pixels, of the longer one
QUALITY = 80


def thumbnail(file: BinaryIO) -> BinaryIO:
    """A JPEG of at most SIDE × SIDE of the first picture in a file.

    A large JPEG is decoded at a fraction of its size, which takes a fraction of the time. Raises OSError or ValueError
    for what cannot be decoded.
    """
    small = io.BytesIO()
    with Image.open(file) as picture:
        picture.draft("RGB", (2 * SIDE, 2 * SIDE))
        picture.thumbnail((SIDE, SIDE))
        Image.fromarray(to_rgb(picture)[0]).save(small, "JPEG", quality=QUALITY)
    small.seek(0)
    return small
