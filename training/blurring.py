"""How lenses and hands blur: kernels, and what they make of a picture.

In the values that the file holds, not in light, as the papers on deblurring do it. It knows no recipes and no models.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from training.patches import Picture

Kernel = NDArray[np.float32]
"""(side, side), odd, sums to 1, its centre of mass in the middle: what is blurred stays where it was."""
_FINE = 8  # points that a kernel is drawn from, for each pixel along an axis


def gaussian(sigma: float) -> Kernel:
    """A lens slightly out of focus, and whatever else is many small blurs. sigma: pixels, above 0."""
    reach = math.ceil(4 * sigma)
    profile = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    return _whole(np.outer(profile, profile))


def disc(radius: float) -> Kernel:
    """A lens out of focus, its aperture open and round. radius: pixels, above 0."""
    side = 2 * math.ceil(radius) + 1
    place = (np.arange(side * _FINE) + 0.5) / _FINE - side / 2
    inside = np.hypot(place[:, None], place) <= radius
    return _whole(inside.reshape(side, _FINE, side, _FINE).mean(axis=(1, 3)))


def motion(length: float, angle: float, bend: float = 0.0) -> Kernel:
    """A camera that moved on an arc at an even pace while the shutter was open.

    length: of the path, pixels, above 0. angle: where it heads in its middle, radians. bend: by how much it turns from
    its beginning to its end, radians; 0 is a straight line.
    """
    points = max(math.ceil(length * _FINE), 2)
    along = (np.arange(points) + 0.5) / points - 0.5
    heading = angle + bend * along
    across, down = (np.cumsum(part) * length / points for part in (np.cos(heading), np.sin(heading)))
    return _drawn(across - across.mean(), down - down.mean())


def blurred(picture: Picture, kernel: Kernel) -> Picture:
    """RGB uint8 (h, w, 3) → the same, rounded to nearest; mirrored at its edges."""
    return np.asarray(cv2.filter2D(picture, -1, kernel, borderType=cv2.BORDER_REFLECT_101), np.uint8)


def _drawn(across: NDArray[np.float64], down: NDArray[np.float64]) -> Kernel:
    """The points' shares of the four pixels around each."""
    reach = math.ceil(max(np.abs(across).max(), np.abs(down).max())) + 1
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1))
    columns, rows = np.floor(across).astype(int), np.floor(down).astype(int)
    right, below = across - columns, down - rows
    for row, share in ((rows, 1 - below), (rows + 1, below)):
        np.add.at(kernel, (row + reach, columns + reach), share * (1 - right))
        np.add.at(kernel, (row + reach, columns + 1 + reach), share * right)
    return _whole(kernel)


def _whole(kernel: NDArray[np.float64]) -> Kernel:
    return np.asarray(kernel / kernel.sum(), np.float32)
