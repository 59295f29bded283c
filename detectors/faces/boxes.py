"""Boxes, as the cascade handles them: float32 (n, 4), left, top, right, bottom, pixels. Knows numbers."""

from __future__ import annotations

from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from core.media import Pixels

Floats: TypeAlias = NDArray[np.float32]
_MEAN, _SCALE = 127.5, 128.0  # of samples, as the networks learned them
_LONGEST = 4096  # pixels of a box's side: what a network says of a bad one may be anything


def apart(boxes: Floats, scores: Floats, limit: float, *, of_smaller: bool = False) -> NDArray[np.intp]:
    """Numbers of the boxes that stay, best first: none shares more than `limit` of the union, or of the smaller one,
    with a better one.
    """
    order = np.argsort(-scores, kind="stable")
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    kept: list[int] = []
    while len(order):
        best, order = int(order[0]), order[1:]
        kept.append(best)
        low, high = np.maximum(boxes[best, :2], boxes[order, :2]), np.minimum(boxes[best, 2:], boxes[order, 2:])
        shared = np.prod(np.maximum(0, high - low), axis=1)
        whole = np.minimum(areas[best], areas[order]) if of_smaller else areas[best] + areas[order] - shared
        order = order[shared <= limit * np.maximum(whole, 1e-6)]
    return np.asarray(kept, np.intp)


def corrected(boxes: Floats, by: Floats) -> Floats:
    """Each side moved by a share (n, 4) of the box's width or height."""
    size = np.tile(boxes[:, 2:] - boxes[:, :2], 2)
    return (boxes + by * size).astype(np.float32)


def squared(boxes: Floats) -> Floats:
    """Squares of the longer side about the same middles, in whole pixels."""
    middle, size = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
    half = np.clip(size.max(axis=1, keepdims=True), 1, _LONGEST) / 2
    made: Floats = np.trunc(np.hstack([middle - half, middle + half])).astype(np.float32)
    return made


def cut(pixels: Pixels, boxes: Floats, side: int) -> Floats:
    """What lies in each box, (n, w, h, 3) of `side` pixels, black beyond the picture's borders, as networks take it.

    Their first axis is the picture's width: they were converted from ones that learned so.
    """
    made = np.zeros((len(boxes), side, side, 3), np.float32)
    height, width = pixels.shape[:2]
    for number, (left, top, right, bottom) in enumerate(boxes.astype(int)):
        whole = np.zeros((max(1, bottom - top), max(1, right - left), 3), np.uint8)
        x, y, x_end, y_end = max(0, left), max(0, top), min(width, right), min(height, bottom)
        if x < x_end and y < y_end:
            whole[y - top : y_end - top, x - left : x_end - left] = pixels[y:y_end, x:x_end]
        made[number] = graded(np.asarray(cv2.resize(whole, (side, side), interpolation=cv2.INTER_AREA), np.uint8))
    return made


def graded(pixels: Pixels) -> Floats:
    """RGB uint8 (h, w, 3) → float32 (w, h, 3), about -1 to 1."""
    return ((pixels.astype(np.float32) - _MEAN) / np.float32(_SCALE)).transpose(1, 0, 2)
