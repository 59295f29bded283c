"""Sharpening by unsharp masking, which Pillow computes: what a blur would take away is added once more."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial

import cv2
import numpy as np
from PIL import Image, ImageFilter

from core.media import Pixels
from generators.base import Parameter, Value
from generators.classical.filtering import Prepared
from generators.deep import like
from generators.tiling import Plan, Samples

MAX_RADIUS = 8.0
PLAN = Plan(size=256, margin=32)  # Pillow blurs by three boxes, which together look 3 radii and 3 pixels far
PARAMETERS = (
    Parameter("radius", "float", 1.0, "σ of the blur, pixels", minimum=0.5, maximum=MAX_RADIUS),
    Parameter("amount", "float", 1.5, "how much of the difference is added", minimum=0.0, maximum=3.0),
    Parameter("threshold", "int", 0, "differences up to so many 8-bit steps are left", minimum=0, maximum=64),
)


def unsharp(_: Pixels, settings: Mapping[str, Value]) -> Prepared:
    """The filter with the stated settings."""
    percent = round(100 * float(settings["amount"]))
    mask = ImageFilter.UnsharpMask(float(settings["radius"]), percent, int(settings["threshold"]))
    return Prepared(partial(_sharpen, mask=mask), PLAN)


def _sharpen(tile: Samples, mask: ImageFilter.UnsharpMask) -> Samples:
    if tile.dtype == np.uint8:
        return np.asarray(Image.fromarray(tile).filter(mask))
    # Pillow blurs bytes alone. OpenCV's Gaussian is what its three boxes come near to.
    side = 2 * math.ceil(3 * mask.radius) + 1
    sigma = float(mask.radius)
    change = tile - np.asarray(cv2.GaussianBlur(tile, (side, side), sigma, borderType=cv2.BORDER_REPLICATE))
    kept = np.where(np.abs(change) > mask.threshold / 255.0, change, 0.0)
    return like(tile, tile + kept * (mask.percent / 100.0))
