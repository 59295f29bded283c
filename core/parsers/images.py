"""Still and animated pictures by Pillow: the first frame as RGB, and evenly spaced ones of what follows it.

Colour profiles are reported, not applied, and EXIF orientation is left to the reader. A JPEG whose end marker comes
too early is filled up by libjpeg, as browsers do, and cannot be told from a whole one here. This module does not read
metadata: `core.parsers.tags` does. What Pillow cannot show of a TIFF, `core.parsers.rendition` does.
"""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import AvifImagePlugin, Image, PngImagePlugin, UnidentifiedImageError

from core.errors import CorruptMedia
from core.limits import Limits
from core.media import Pixels, View
from core.parsers import heif, pngs, rendition
from core.parsers.bounds import check_frames, check_size, exceeded
from core.parsers.png_rows import codes_every_row
from core.parsers.rendition import sampled
from core.parsers.samples import has_alpha, to_rgb
from core.sandbox.contract import Request

_DECODERS = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/webp": "WEBP",
    "image/avif": "AVIF",
    "image/heif": "HEIF",
    "image/gif": "GIF",
    "image/tiff": "TIFF",
    "image/bmp": "BMP",
}
# In a JPEG, what follows the first picture is a preview or a gain map of it.
_SEQUENCES = frozenset({"GIF", "PNG", "WEBP", "AVIF", "TIFF", "HEIF"})
# A workflow of ComfyUI may well take a megabyte. Above these Pillow raises ValueError.
_MAX_TEXT_CHUNK = 16 * 1024 * 1024
_MAX_TEXT_MEMORY = 64 * 1024 * 1024
_TEXT_BOMB = re.compile(r"MAX_TEXT_(CHUNK|MEMORY)|[Tt]oo much memory used in text chunks")
# What Pillow's decoders throw at damaged input.
_DAMAGE = (
    *(OSError, SyntaxError, ValueError, TypeError, AttributeError, LookupError, EOFError, ArithmeticError),
    *(struct.error, AssertionError, RuntimeError, NotImplementedError),
)
_ORIENTATION = 274
_TURN_BACK = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def parse(request: Request) -> View:
    """The picture, or frames of an animation, in the form that `core.sandbox.assembly` describes, with facts.

    Of an animation or a file of several pages, `request.limits.sampled_frames` are taken, the first among them; fewer
    where that many would be more pixels together than one picture may have. Alpha is that of a still picture.

    Raises CorruptMedia for a file that cannot be decoded to its last row, LimitExceeded for one that declares more
    than `request.limits`, and UnsupportedMedia for rare sample formats.
    """
    if request.mime == "image/tiff" and (view := rendition.parse(request)) is not None:
        return view
    with _pillow_errors(request.limits), _open(request) as image:
        check_size(*image.size, request.limits)
        frames = int(getattr(image, "n_frames", 1))
        check_frames(frames, request.limits)
        image.seek(0)
        facts = _facts(image, frames, request.blobs[0])
        rgb, alpha = _first(image, request)
        height, width = rgb.shape[:2]
        later = list(_later(image, frames, request.limits)) if image.format in _SEQUENCES else []
    arrays: dict[str, NDArray[Any]] = {
        "pixels": np.stack([rgb, *(picture for picture, _ in later)]),
        "times": np.array([0.0, *(time for _, time in later)]),
    }
    if alpha is not None and not later:
        arrays["alpha"] = alpha
    return View({**facts, "width": width, "height": height, "duration": 0.0}, arrays)


def _first(image: Image.Image, request: Request) -> tuple[Pixels, Pixels | None]:
    """The first frame as RGB and alpha."""
    if image.format == "PNG" and pngs.is_deep(request.blobs[0]):
        return pngs.shown(pngs.samples(request.blobs[0], request.limits))
    return to_rgb(_load(image, request.blobs[0]))


def _later(image: Image.Image, frames: int, limits: Limits) -> Iterator[tuple[NDArray[np.uint8], float]]:
    """Sampled frames after the first, in the first one's size, with their times in seconds."""
    size = image.size
    wanted = sampled(frames, size[0] * size[1], limits)
    elapsed = 0.0
    for index in range(1, max(wanted, default=0) + 1):
        elapsed += _milliseconds(image) / 1000
        image.seek(index)
        if index in wanted:
            check_size(*image.size, limits)
            rgb, _ = to_rgb(image if image.size == size else image.resize(size))
            yield rgb, elapsed


def _milliseconds(image: Image.Image) -> float:
    """How long the current frame is shown; pages of a TIFF have no time."""
    duration = image.info.get("duration", 0)
    return float(duration) if isinstance(duration, int | float) and 0 <= duration < 1e9 else 0.0


def warm() -> None:
    """Loads every plug-in of Pillow, and decodes once what only loads then."""
    Image.init()
    rendition.warm()
    pngs.warm()
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    PngImagePlugin.MAX_TEXT_CHUNK = _MAX_TEXT_CHUNK
    PngImagePlugin.MAX_TEXT_MEMORY = _MAX_TEXT_MEMORY
    heif.warm()
    for decoder in _DECODERS.values():
        if decoder not in Image.SAVE:  # HEIF: our library only reads it
            continue
        file = io.BytesIO()
        Image.new("RGB", (16, 16)).save(file, decoder)
        file.seek(0)
        with Image.open(file, formats=[decoder]) as image:
            image.convert("RGBA")


def _open(request: Request) -> Image.Image:
    # Pillow checks what a header declares before it allocates, and fails at twice this number.
    Image.MAX_IMAGE_PIXELS = max(1, request.limits.max_pixels // 2)
    return Image.open(io.BytesIO(request.blobs[0]), formats=[_DECODERS[request.mime]])


def _load(image: Image.Image, data: bytes) -> Image.Image:
    """The decoded picture as it is coded: Pillow turns TIFFs by their orientation, so they are turned back."""
    orientation = _tiff_orientation(image)
    image.load()
    if image.format == "PNG" and _last_row_may_be_missing(image) and not codes_every_row(data):
        raise CorruptMedia("the picture ends early", field="media")
    return image.transpose(_TURN_BACK[orientation]) if orientation in _TURN_BACK else image


def _last_row_may_be_missing(image: Image.Image) -> bool:
    """Missing rows read as zeros. An interlaced picture lacks other rows first."""
    width, height = image.size
    return bool(image.info.get("interlace")) or not np.asarray(image.crop((0, height - 1, width, height))).any()


def _tiff_orientation(image: Image.Image) -> int:
    tags: Any = getattr(image, "tag_v2", None)
    return int(tags.get(_ORIENTATION, 1)) if image.format == "TIFF" and tags is not None else 1


def _facts(image: Image.Image, frames: int, data: bytes) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "format": image.format,
        "mode": image.mode,
        "has_alpha": has_alpha(image),
        "n_frames": frames,
        "declared_width": image.size[0],
        "declared_height": image.size[1],
        "icc_bytes": len(image.info.get("icc_profile") or b""),
    }
    bits = _bits(image, data)
    if bits is not None:
        facts["bits"] = bits
    if image.format in {"JPEG", "MPO"}:
        facts["progressive"] = bool(image.info.get("progressive"))
    return facts


def _bits(image: Image.Image, data: bytes) -> int | None:
    """Bits a sample, where the format tells: byte 24 of a PNG is the depth of its IHDR."""
    if image.format == "PNG":
        return data[24]
    tags: Any = getattr(image, "tag_v2", None)
    if tags is not None:
        return int(max(tags.get(258, (1,))))
    return 8 if image.format in {"JPEG", "MPO", "WEBP", "GIF"} else None


@contextmanager
def _pillow_errors(limits: Limits) -> Iterator[None]:
    """Pillow's exceptions as ours."""
    try:
        yield
    except Image.DecompressionBombError as error:
        found = re.search(r"\d+", str(error))
        raise exceeded("pixels", "number of pixels", limits.max_pixels, found.group() if found else "more") from error
    except UnidentifiedImageError as error:
        raise CorruptMedia("the picture is damaged at its beginning", field="media") from error
    except _DAMAGE as error:
        if _TEXT_BOMB.search(str(error)):
            raise exceeded("text", "unpacked size of a text or profile in bytes", _MAX_TEXT_CHUNK, "more") from error
        # A library's text may quote the file, and refusals are recorded for good: the type has to do.
        how = "ends early" if "truncated" in str(error).lower() else f"cannot be decoded ({type(error).__name__})"
        raise CorruptMedia(f"the picture {how}", field="media") from error
