"""Where a scene measured nothing: finding it, and keeping it out of what lies beside.

Before anything looks at neighbours, holes are filled with a mean of what is near, weighted by a Gaussian (normalised
convolution: H. Knutsson, C.-F. Westin, CVPR 1993). What was made of the filling is thrown away afterwards, and the hole
put back as it was.
"""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import InvalidInput
from core.media import Pixels
from generators.scenes.scene import Scene

REACH = 8
"""How far a filling looks, pixels. Further inside a hole the filling is one value."""
_SIGMA = 2.5
_LEAST = 1e-6  # weight below which there is nothing near


def valid_in(scene: Scene, band: int, rows: slice, columns: slice) -> NDArray[np.bool_]:
    """(h, w): where a band measured something."""
    window = scene.samples[band, rows, columns]
    found = np.ones(window.shape, np.bool_)
    if scene.nodata is not None:
        found = ~np.isnan(window) if math.isnan(scene.nodata) else window != scene.samples.dtype.type(scene.nodata)
    if scene.alpha is not None:
        found &= scene.samples[scene.alpha, rows, columns] != 0
    return found


def refuse_unreal(scene: Scene, window: NDArray[Any], valid: NDArray[np.bool_]) -> None:
    """Raises InvalidInput for NaN and infinities that the scene's nodata value does not explain."""
    if window.dtype.kind != "f":
        return
    wrong = int(np.count_nonzero(valid & ~np.isfinite(window)))
    if wrong:
        message = "samples are NaN or infinite, and no nodata value says that they are missing"
        found = f"{wrong} in one window; nodata is {scene.nodata_text or 'not set'}"
        raise InvalidInput(message, field="media", limit="finite samples", found=found)


def filled(values: NDArray[np.float32], valid: NDArray[np.bool_], middle: float) -> NDArray[np.float32]:
    """(h, w) with holes filled from what is valid within `REACH`; `middle` where nothing is."""
    if valid.all():
        return values
    weight = valid.astype(np.float32)
    known = np.where(valid, values - np.float32(middle), np.float32(0))
    size = (2 * REACH + 1, 2 * REACH + 1)
    near = cv2.GaussianBlur(weight, size, _SIGMA, borderType=cv2.BORDER_CONSTANT)
    mean = cv2.GaussianBlur(known, size, _SIGMA, borderType=cv2.BORDER_CONSTANT)
    there = near > _LEAST
    filling = np.divide(mean, near, out=np.zeros_like(mean), where=there) + np.float32(middle)
    return np.where(valid, values, filling).astype(np.float32)


def enlarged(samples: NDArray[Any], factor: int) -> NDArray[Any]:
    """(h, w) → (h·factor, w·factor), each value repeated."""
    return samples.repeat(factor, axis=0).repeat(factor, axis=1)


def as_picture(values: NDArray[np.float32]) -> Pixels:
    """Values of 0 to 1, (h, w, 3), as 8-bit steps, for what looks at pictures."""
    made: Pixels = np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)
    return made
