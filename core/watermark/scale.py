"""At what scale a picture is marked: what embedder and reader must agree on without having met."""

from __future__ import annotations

TILE = 64
"""Pixels a tile, at the scale of marking."""
SHORT = 512
"""Short side, in pixels, from which on pictures are marked at a smaller scale."""
LEAST_SIDE, LEAST_AREA = TILE, 4 * TILE * TILE


def large_enough(height: int, width: int) -> bool:
    """Whether a picture of that size in pixels can carry a mark: a tile each way, four in all."""
    return min(height, width) >= LEAST_SIDE and height * width >= LEAST_AREA


def marked_size(height: int, width: int) -> tuple[int, int]:
    """Height and width at the scale of marking: the picture's own, or with a short side of 512."""
    short = min(height, width)
    return (height, width) if short <= SHORT else (round(height * SHORT / short), round(width * SHORT / short))
