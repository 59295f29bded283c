"""Runs a picture-to-picture function tile by tile, so that its memory is bounded by the tile and not by the picture.

Tiles lie on one fixed grid that starts at the top left corner. Each is computed with a margin of real neighbouring
pixels around it and the margin is cut off afterwards: when the margin reaches as far as the function looks, the
result *is* the result on the whole picture, which no blending of overlaps can promise. The grid depends on the
picture's size alone, so the result does not depend on how busy the machine is.

This module knows geometry. It does not know what the function does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from core.errors import ConfigurationError
from generators.base import IsCancelled, Progress, stop_if

Samples: TypeAlias = npt.NDArray[Any]
Transform: TypeAlias = Callable[[Samples], Samples]
"""RGB (h, w, 3) → RGB (h·scale, w·scale, 3), uint8 or, from 0 to 1, float32: the type stays what it is."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How to cut. size: side of a tile. margin: real pixels added on every side where there are any. Both in pixels.

    A function that pools on a grid of n pixels (a network with size requirements) needs both to be multiples of n:
    then its grid falls on the same pixels in every tile as in the whole picture.
    """

    size: int
    margin: int

    def __post_init__(self) -> None:
        if self.size < 1 or self.margin < 0:
            raise ConfigurationError(f"tiles of {self.size} pixels with a margin of {self.margin} make no grid")

    def aligned(self, multiple: int) -> Plan:
        """The plan with both lengths rounded up to multiples of `multiple` ≥ 1."""
        return Plan(-(-self.size // multiple) * multiple, -(-self.margin // multiple) * multiple)


@dataclass(frozen=True, slots=True)
class Span:
    """One tile along one axis: its own pixels [start, stop) and those read for it [low, high)."""

    start: int
    stop: int
    low: int
    high: int

    def kept(self, scale: int) -> slice:
        """The tile's own pixels within the function's output on [low, high)."""
        return slice((self.start - self.low) * scale, (self.stop - self.low) * scale)


def spans(length: int, plan: Plan) -> list[Span]:
    """The tiles along an axis of `length` pixels: disjoint, in order, and together the whole axis."""
    edges = ((start, min(start + plan.size, length)) for start in range(0, length, plan.size))
    return [Span(start, stop, max(start - plan.margin, 0), min(stop + plan.margin, length)) for start, stop in edges]


def apply(
    transform: Transform, pixels: Samples, plan: Plan, scale: int, progress: Progress, cancelled: IsCancelled
) -> Samples:
    """`transform` over `pixels` (h, w, c) as one new array (h·scale, w·scale, c) of the same type.

    `progress` hears the fraction done after every tile. Raises Cancelled before the next tile once `cancelled()`.
    """
    height, width, channels = pixels.shape
    made = np.empty((height * scale, width * scale, channels), pixels.dtype)
    tiles = _tiles(height, width, plan)
    for done, (row, column) in enumerate(tiles, start=1):
        stop_if(cancelled)
        piece = transform(pixels[row.low : row.high, column.low : column.high])
        target = made[row.start * scale : row.stop * scale, column.start * scale : column.stop * scale]
        target[:] = piece[row.kept(scale), column.kept(scale)]
        progress(done / len(tiles))
    return made


def _tiles(height: int, width: int, plan: Plan) -> list[tuple[Span, Span]]:
    """Every (row, column) pair, row by row."""
    columns = spans(width, plan)
    return [(row, column) for row in spans(height, plan) for column in columns]
