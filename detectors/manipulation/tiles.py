"""A picture in overlapping tiles, and what was found in them put together. Knows no network."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product

import cv2
import numpy as np
from numpy.typing import NDArray

from core.media import Pixels

SIDE, OVERLAP = 512, 32
"""Pixels, at most and at least, multiples of `COARSEST`, so that tiles start on the grid of JPEG blocks."""
COARSEST = 32
"""Sides of what a network is given are multiples of it."""
Box = tuple[slice, slice]


def reduced(pixels: Pixels, most: int) -> tuple[Pixels, float]:
    """The picture with at most about `most` pixels, and by which factor its sides were shortened, 1 for not."""
    shrink = min(1.0, math.sqrt(most / (pixels.shape[0] * pixels.shape[1])))
    if shrink == 1:
        return pixels, 1.0
    small = cv2.resize(pixels, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8), 1 / shrink


def padded(pixels: Pixels) -> Pixels:
    """The picture mirrored at its right and lower border, up to multiples of `COARSEST`; sides of 64 or more."""
    below, right = (-length % COARSEST for length in pixels.shape[:2])
    return np.pad(pixels, ((0, below), (0, right), (0, 0)), mode="reflect")


def boxes(height: int, width: int) -> list[Box]:
    """Tiles of `SIDE` or less that cover a padded picture, each overlapping the next by `OVERLAP` or more, all of one
    size: as few as can be, and no larger than these few have to be, since all that overlaps is looked at twice.
    """
    rows, columns = _spans(height), _spans(width)
    return list(product(rows, columns))


def together(maps: Sequence[NDArray[np.float32]], where: Sequence[Box], stride: int) -> NDArray[np.float32]:
    """Maps (c, h/stride, w/stride) of tiles as one map of all; where they overlap, the nearer to a tile's middle counts
    more.
    """
    height, width = (max(box[axis].stop for box in where) // stride for axis in (0, 1))
    total = np.zeros((len(maps[0]), height, width), np.float32)
    weights = np.zeros((height, width), np.float32)
    ramp = np.outer(*(_ramp(length, OVERLAP // stride) for length in maps[0].shape[1:]))
    for each, box in zip(maps, where, strict=True):
        cells = tuple(slice(span.start // stride, span.stop // stride) for span in box)
        total[(slice(None), *cells)] += each * ramp
        weights[cells] += ramp
    return (total / weights).astype(np.float32)


def _spans(length: int) -> list[slice]:
    if length <= SIDE:
        return [slice(0, length)]
    count = -(-(length - OVERLAP) // (SIDE - OVERLAP))
    side = -(-(length + (count - 1) * OVERLAP) // (count * COARSEST)) * COARSEST
    starts = np.linspace(0, length - side, count) // COARSEST * COARSEST
    return [slice(int(start), int(start) + side) for start in starts]


def _ramp(length: int, overlap: int) -> NDArray[np.float32]:
    """Rises from the border over `overlap` cells to 1, and falls to the other border; never 0."""
    inwards = np.minimum(np.arange(length), np.arange(length)[::-1]) + 1
    ramp: NDArray[np.float32] = np.minimum(1, inwards / (overlap + 1)).astype(np.float32)
    return ramp
