"""Scripted copy-moves with a known mask, and JPEG re-encoding: the material that detectors are measured on.

Knows pictures; does not know any detector.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.media import Pixels

_TRIES = 200


@dataclass(frozen=True, slots=True)
class CopyMove:
    """How a patch is copied. area: share of the picture. rotation: degrees. scale: factor. feather: pixels of blend.

    choices: places that are drawn for the patch, of which the smoothest is taken.
    """

    area: float
    rotation: float = 0.0
    scale: float = 1.0
    feather: float = 1.0
    choices: int = 1


def draw(rng: np.random.Generator, *, transformed: bool) -> CopyMove:
    """A copy-move of 5–15% of the area; with `transformed`, turned by up to 180° and scaled by 0.75–1.33."""
    area = float(rng.uniform(0.05, 0.15))
    if not transformed:
        return CopyMove(area, feather=float(rng.uniform(0.5, 2.0)))
    scale = float(np.exp(rng.uniform(np.log(0.75), np.log(1.333))))
    return CopyMove(area, float(rng.uniform(-180, 180)), scale, float(rng.uniform(0.5, 2.0)))


def forge(pixels: Pixels, how: CopyMove, rng: np.random.Generator) -> tuple[Pixels, NDArray[np.bool_]]:
    """The picture with a blob copied elsewhere, and where source and copy are, (h, w).

    Without choices, places are drawn without looking at the content: some patches are sky. Where the copy goes is never
    looked at. Raises ValueError where nothing fits.
    """
    height, width = pixels.shape[:2]
    if np.sqrt(how.area * height * width / np.pi) > min(height, width) / 2:
        raise ValueError("no place for a patch of that size")
    radius = float(np.sqrt(how.area * height * width / np.pi))
    steps = _steps(pixels, radius) if how.choices > 1 else None
    for _ in range(_TRIES):
        blob = _blob((height, width), radius, _centre((height, width), radius, how.choices, steps, rng), rng)
        matrix = _placement(blob, how, rng)
        moved = cv2.warpAffine(blob, matrix, (width, height), flags=cv2.INTER_LINEAR)
        complete = moved.sum() > 0.97 * blob.sum() * how.scale**2
        if complete and (np.minimum(moved, blob)).sum() < 0.02 * blob.sum():
            soft = cv2.GaussianBlur(moved, (0, 0), how.feather)[..., None]
            patch = cv2.warpAffine(
                pixels, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT
            )
            mixed = patch * soft + pixels * (1.0 - soft)
            return mixed.round().clip(0, 255).astype(np.uint8), (blob > 0.5) | (moved > 0.5)
    raise ValueError("no place for a copy of that size")


def to_jpeg(pixels: Pixels, quality: int) -> bytes:
    """A JPEG of IJG quality 1–100 with 4:2:0 chroma."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def from_jpeg(data: bytes) -> Pixels:
    """RGB, uint8, (h, w, 3)."""
    with Image.open(io.BytesIO(data)) as picture:
        return np.asarray(picture.convert("RGB"), dtype=np.uint8)


def _steps(pixels: Pixels, radius: float) -> NDArray[np.float32]:
    """Mean step, grey levels, between neighbours in the square within a disc of that radius around each, (h, w)."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)
    steps = np.hypot(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))
    side = max(1, round(1.4 * radius))  # the square within the disc
    return np.asarray(cv2.blur(steps, (side, side)), dtype=np.float32)


def _centre(
    shape: tuple[int, int],
    radius: float,
    choices: int,
    steps: NDArray[np.float32] | None,
    rng: np.random.Generator,
) -> tuple[float, float]:
    """Row and column; of several the one with the least steps around it."""
    drawn = [
        (float(rng.uniform(radius, shape[0] - radius)), float(rng.uniform(radius, shape[1] - radius)))
        for _ in range(choices)
    ]
    return drawn[0] if steps is None else min(drawn, key=lambda at: float(steps[int(at[0]), int(at[1])]))


def _blob(
    shape: tuple[int, int], radius: float, centre: tuple[float, float], rng: np.random.Generator
) -> NDArray[np.float32]:
    """A round shape with a wavy outline, float32 0–1, (h, w)."""
    reach = 1.5 * radius  # the outline stays within
    (top, bottom), (left, right) = (
        (max(0, int(at - reach)), min(side, int(at + reach) + 1)) for at, side in zip(centre, shape, strict=True)
    )
    y, x = np.mgrid[top:bottom, left:right].astype(np.float32)
    angle = np.arctan2(y - centre[0], x - centre[1])
    outline = 1.0 + sum(
        rng.uniform(-0.15, 0.15) * np.cos(order * angle + rng.uniform(0, 2 * np.pi)) for order in (2, 3, 5)
    )
    inside = np.zeros(shape, np.float32)
    inside[top:bottom, left:right] = np.hypot(y - centre[0], x - centre[1]) < radius * outline
    return inside


def _placement(blob: NDArray[np.float32], how: CopyMove, rng: np.random.Generator) -> NDArray[np.float64]:
    """Rotation and scale about the blob's centre, and a shift to anywhere."""
    height, width = blob.shape
    rows, columns = np.nonzero(blob)
    centre = float(columns.mean()), float(rows.mean())
    matrix = np.asarray(cv2.getRotationMatrix2D(centre, how.rotation, how.scale), dtype=np.float64)
    target = rng.uniform(0, width), rng.uniform(0, height)
    whole_pixels = how.rotation == 0 and how.scale == 1
    shift = np.array(target) - centre
    matrix[:, 2] += shift.round() if whole_pixels else shift
    return matrix
