"""Shapes of what is manipulated: where a hand, a lasso or a program would draw."""

from __future__ import annotations

from typing import TypeAlias

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Mask: TypeAlias = NDArray[np.float32]
"""float32 (h, w), 0–1: how much of each pixel is manipulated."""


def draw(random: Generator, side: int, least: float, most: float) -> Mask:
    """A blob, a polygon, an ellipse or a box that covers `least` to `most` of a square's area, before it is cut off at
    the square's edge; hard at its edge.
    """
    area = float(np.exp(random.uniform(np.log(least), np.log(most))))
    radius = side * np.sqrt(area / np.pi)
    centre = random.uniform(0.25 * side, 0.75 * side, 2)
    kind = int(random.choice(4, p=(0.5, 0.2, 0.15, 0.15)))
    outline = (_blob, _polygon, _ellipse, _box)[kind](random, radius)
    mask = np.zeros((side, side), np.uint8)
    cv2.fillPoly(mask, [np.round(outline + centre).astype(np.int32)], 1)
    return mask.astype(np.float32)


def soften(mask: Mask, sigma: float) -> Mask:
    """With an edge that fades over about `sigma` pixels. 0: as it is."""
    return mask if sigma <= 0 else np.asarray(cv2.GaussianBlur(mask, (0, 0), sigma), dtype=np.float32)


def _blob(random: Generator, radius: float) -> NDArray[np.float64]:
    angle = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    waves = np.zeros_like(angle)
    for order in (1, 2, 3, 5):
        waves += random.uniform(-0.2, 0.2) * np.cos(order * angle + random.uniform(0, 6.3))
    return _points(angle, radius * (1 + waves))


def _polygon(random: Generator, radius: float) -> NDArray[np.float64]:
    angle = np.sort(random.uniform(0, 2 * np.pi, int(random.integers(4, 9))))
    return _points(angle, radius * random.uniform(0.8, 1.6, len(angle)))


def _ellipse(random: Generator, radius: float) -> NDArray[np.float64]:
    angle = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    stretch = np.exp(random.uniform(-0.6, 0.6))
    return _turned(_points(angle, np.full(72, radius)) * (stretch, 1 / stretch), random.uniform(0, np.pi))


def _box(random: Generator, radius: float) -> NDArray[np.float64]:
    stretch = np.exp(random.uniform(-0.6, 0.6))
    half = radius * np.sqrt(np.pi) / 2
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * (half * stretch, half / stretch)
    return _turned(corners, random.uniform(0, np.pi) if random.random() < 0.5 else 0.0)


def _points(angle: NDArray[np.float64], radius: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.column_stack([np.cos(angle) * radius, np.sin(angle) * radius])


def _turned(points: NDArray[np.float64], angle: float) -> NDArray[np.float64]:
    cosine, sine = np.cos(angle), np.sin(angle)
    turned: NDArray[np.float64] = points @ np.array([[cosine, sine], [-sine, cosine]])
    return turned
