"""Bursts made from one photograph: what a shaking hand would have taken of a still scene, at half its size.

Each picture is the photograph moved by up to four of its pixels and turned by up to half a degree (bicubic), reduced by
two and made noisy; the first is not moved. How much detail a burst holds beyond one picture depends on the reduction:
a sensor's pixel that sees the mean over its area lets finer detail alias than bicubic reduction with antialiasing does.
"""

from __future__ import annotations

import cv2
import numpy as np

from training.degrade import reduce_bicubic
from training.measure import to_picture, to_tensor
from training.metrics import Picture

SCALE = 2
AREA, BICUBIC = "area", "bicubic"
REDUCTIONS = (AREA, BICUBIC)
MOST_SHIFT = 4.0  # pixels of the photograph
MOST_TURN = 0.5  # degrees


def taken(original: Picture, count: int, sigma: float, reduction: str, seed: int) -> list[Picture]:
    """`count` pictures of half the size of `original`, RGB uint8 of even sides. sigma: of the noise, 8-bit steps."""
    random = np.random.default_rng(seed)
    pictures = [original]
    for _ in range(count - 1):
        right, down = random.uniform(-MOST_SHIFT, MOST_SHIFT, 2)
        pictures.append(_moved(original, right, down, random.uniform(-MOST_TURN, MOST_TURN)))
    return [_noisy(_reduced(picture, reduction), sigma, random) for picture in pictures]


def _moved(original: Picture, right: float, down: float, degrees: float) -> Picture:
    height, width = original.shape[:2]
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1.0)
    matrix[:, 2] += np.array([right, down])
    moved = cv2.warpAffine(original, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
    return np.asarray(moved, np.uint8)


def _reduced(picture: Picture, reduction: str) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    if reduction == BICUBIC:
        return to_picture(reduce_bicubic(to_tensor(picture), SCALE)).astype(np.float64)
    height, width = (side // SCALE for side in picture.shape[:2])
    return np.asarray(picture.reshape(height, SCALE, width, SCALE, 3).mean(axis=(1, 3)))


def _noisy(
    picture: np.ndarray[tuple[int, ...], np.dtype[np.float64]], sigma: float, random: np.random.Generator
) -> Picture:
    noisy: Picture = np.rint(np.clip(picture + random.normal(0.0, sigma, picture.shape), 0, 255)).astype(np.uint8)
    return noisy
