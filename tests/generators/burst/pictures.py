"""Bursts made from photographs: shifted views, each reduced by what a sensor's pixel sees, with noise."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from core.media import Pixels
from tests.generators.pictures import photo


@dataclass(frozen=True, eq=False)
class Burst:
    """pictures: RGB uint8 (h, w, 3). shifts: (x, y), pixels, by which each lies off the first. truth: (2h, 2w, 3)."""

    pictures: list[Pixels]
    shifts: npt.NDArray[np.float64]
    truth: Pixels


def burst(count: int = 8, sigma: float = 4.0, side: int = 192, name: str = "stream.jpg", seed: int = 0) -> Burst:
    """What a shaking hand takes of a still scene. side: of the truth."""
    rng = np.random.default_rng(seed)
    truth = photo(name, side, side)
    offsets = np.vstack([np.zeros(2), rng.uniform(-4, 4, (count - 1, 2))])
    pictures = [view(truth, float(right), float(down), sigma, rng) for right, down in offsets]
    return Burst(pictures, -offsets / 2, truth)


def view(truth: Pixels, right: float, down: float, sigma: float, rng: np.random.Generator) -> Pixels:
    """`truth` seen from a place a few of its pixels away, reduced by 2."""
    moved = np.array([[1.0, 0.0, right], [0.0, 1.0, down]])
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    height, width = truth.shape[:2]
    seen = cv2.warpAffine(
        truth.astype(np.float32), moved, (width, height), flags=flags, borderMode=cv2.BORDER_REFLECT_101
    )
    small = np.clip(seen, 0, 255).reshape(height // 2, 2, width // 2, 2, 3).mean(axis=(1, 3))
    noisy: Pixels = np.rint(np.clip(small + rng.normal(0, sigma, small.shape), 0, 255)).astype(np.uint8)
    return noisy
