"""Local contrast by CLAHE (contrast-limited adaptive histogram equalisation), which OpenCV computes.

K. Zuiderveld, "Contrast Limited Adaptive Histogram Equalization", Graphics Gems IV, 1994. Regions have a size in pixels
here, not a number: so what a pixel becomes depends on its surroundings alone, and tiles cannot be told from the whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import cv2
import numpy as np
import numpy.typing as npt

from core.media import Pixels
from generators.base import Parameter, Value
from generators.classical.filtering import Prepared
from generators.deep import like
from generators.tiling import Plan, Samples

SIZES = (64, 128, 256)
_PARTS = 16  # of a class of luma
TILE = 256  # a multiple of every size of region, so that regions lie on one grid
PARAMETERS = (
    Parameter(
        "clip",
        "float",
        1.5,
        "how much steeper than even contrast may become; 1 changes least",
        minimum=1.0,
        maximum=10.0,
    ),
    Parameter("region", "int", 256, "side in pixels of the regions that are evened out", choices=SIZES),
)


def clahe(_: Pixels, settings: Mapping[str, Value]) -> Prepared:
    """A pixel looks at the four regions nearest to it, which lie within one region's side."""
    region = int(settings["region"])
    return Prepared(partial(_equalise, clip=float(settings["clip"]), region=region), Plan(TILE, region))


def _equalise(tile: Samples, clip: float, region: int) -> Samples:
    if tile.dtype != np.uint8:
        return _equalise_floats(tile, clip, region)
    luma = np.asarray(cv2.cvtColor(np.ascontiguousarray(tile), cv2.COLOR_RGB2GRAY), np.uint8)
    # The change of luma is added to each channel: greys stay grey, and differences between channels stay as they are.
    change: npt.NDArray[np.int16] = np.subtract(_evened(luma, clip, region), luma, dtype=np.int16)
    result: Pixels = np.clip(tile + change[..., None], 0, 255).astype(np.uint8)
    return result


def _equalise_floats(tile: Samples, clip: float, region: int) -> Samples:
    """OpenCV counts in 256 classes of luma. Moved by parts of a class and averaged, their edges fade."""
    luma = cv2.cvtColor(np.ascontiguousarray(tile), cv2.COLOR_RGB2GRAY) * np.float32(255.0)
    change = np.zeros(luma.shape, np.float32)
    for part in range(_PARTS):
        moved = np.clip(luma + np.float32((part + 0.5) / _PARTS), 0, 255).astype(np.uint8)
        change += np.subtract(_evened(moved, clip, region), moved, dtype=np.float32)
    return like(tile, tile + change[..., None] / np.float32(255.0 * _PARTS))


def _evened(luma: Pixels, clip: float, region: int) -> Pixels:
    height, width = luma.shape
    # Full regions: OpenCV would make the regions of a tile smaller to fit.
    whole = cv2.copyMakeBorder(luma, 0, -height % region, 0, -width % region, cv2.BORDER_REFLECT_101)
    grid = (whole.shape[1] // region, whole.shape[0] // region)
    return np.asarray(cv2.createCLAHE(clip, grid).apply(whole)[:height, :width], np.uint8)
