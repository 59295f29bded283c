"""The `jpeg` parser: how a JPEG was quantised, and its luma as the decoder made it. Judges nothing.

The luma comes straight from the decoder, without the trip through RGB, so its 8×8 DCT divided by the table and
rounded gives back the stored coefficients, except in saturated blocks (`detectors.dct` does so). jpeglib would read
the coefficients themselves, but only from a path, and a confined process opens no file.

Facts: components, progressive, subsampling ("4:2:0", …), width, height, quality (1–100, of the IJG table nearest to
the luma table), standard_table (whether it is exactly that one), region (x, y, width, height of `luma`).
Arrays: luma uint8 (h, w), at most MAX_SIDE each way, whole 8×8 blocks on the file's grid, from the middle;
tables uint16 (components, 8, 8), each component's quantisation table in natural order.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, JpegImagePlugin

from core.media import View
from core.parsers.jpeg_file import looked, view_of
from core.sandbox.contract import Request

MAX_SIDE = 2048
_CANNOT = "the JPEG cannot be decoded"
_BLOCK = 8
_SUBSAMPLING = {(1, 1): "4:4:4", (2, 1): "4:2:2", (2, 2): "4:2:0", (1, 2): "4:4:0", (4, 1): "4:1:1"}
# ITU-T T.81, table K.1; the IJG library scales it by quality.
LUMA_BASE = np.array(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ],
    dtype=np.int64,
)


def luma_table(quality: int) -> NDArray[np.int64]:
    """The IJG luma table of that quality (1–100), int64 (8, 8), entries 1–255. Source: libjpeg, jcparam.c."""
    scale = 5000 // quality if quality < 50 else 200 - 2 * quality
    return np.clip((LUMA_BASE * scale + 50) // 100, 1, 255)


def nearest_quality(table: NDArray[np.integer[Any]]) -> tuple[int, bool]:
    """Quality of the IJG luma table nearest to `table` (8, 8) in summed absolute difference, and whether it equals."""
    distances = [int(np.abs(luma_table(quality) - table).sum()) for quality in range(1, 101)]
    best = int(np.argmin(distances))
    return best + 1, distances[best] == 0


def warm() -> None:
    """Loads Pillow's plugin while files can still be opened."""
    Image.preinit()


def parse(request: Request) -> View:
    """The quantisation of the first blob; a view with an error for anything but a JPEG."""
    return view_of(request, _read, _CANNOT)


def read(data: bytes) -> View:
    """Reads one JPEG. Content that cannot be decoded gives a view with an error."""
    return looked(data, _read, _CANNOT)


def _read(image: Image.Image) -> View:
    if not isinstance(image, JpegImagePlugin.JpegImageFile) or image.mode not in ("L", "RGB"):
        return View(error="no grey or YCbCr JPEG")
    tables, layers = image.quantization, image.layer
    stacked = np.array([tables[layer[3]] for layer in layers], dtype=np.uint16).reshape(-1, _BLOCK, _BLOCK)
    quality, exact = nearest_quality(stacked[0].astype(np.int64))
    width, height = image.size
    image.draft("L", None)  # libjpeg then hands out the Y plane as it is
    luma, region = _middle(np.asarray(image.convert("L")))
    facts = {
        "components": len(layers),
        "progressive": bool(image.info.get("progressive")),
        "subsampling": _SUBSAMPLING.get((layers[0][1], layers[0][2]), "other") if len(layers) > 1 else "grey",
        "width": width,
        "height": height,
        "quality": quality,
        "standard_table": exact,
        "region": region,
    }
    return View(facts=facts, arrays={"luma": luma, "tables": stacked})


def _middle(luma: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], list[int]]:
    """The middle of the plane, in whole blocks."""
    starts, sizes = [], []
    for side in luma.shape:
        blocks = min(side, MAX_SIDE) // _BLOCK
        starts.append((side // _BLOCK - blocks) // 2 * _BLOCK)
        sizes.append(blocks * _BLOCK)
    (y, x), (height, width) = starts, sizes
    return np.ascontiguousarray(luma[y : y + height, x : x + width]), [x, y, width, height]
