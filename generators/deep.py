"""A picture at the depth that it has: what works on 8-bit tiles works on floats for pictures that are known better.

A transform keeps the type of its tile: uint8 stays uint8, and float32 from 0 (black) to 1 (white) stays that. So 16-bit
samples never pass through 8 bits, and nothing but one tile is ever held as floats. This module knows types and ranges;
it does not know what a transform does.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from core.media import Deep, Frame, Pixels
from generators import tiling
from generators.base import IsCancelled, Progress
from generators.still import in_greys, is_neutral
from generators.tiling import Plan, Transform

Unit: TypeAlias = npt.NDArray[np.float32]
"""Samples from 0 to 1."""
MAXIMUM = 65_535
"""White, of `Frame.deep`."""
_ROWS = 256  # brought down to 8 bits at a time


def enhanced(
    transform: Transform, frame: Frame, plan: Plan, scale: int, progress: Progress, cancelled: IsCancelled
) -> Frame:
    """`frame` after `transform`, tile by tile, with its alpha as it was. Greys stay greys.

    `deep` is worked on where the frame has it, and `pixels` follow it; else `pixels` are. Raises Cancelled.
    """
    if frame.deep is None:
        kept = in_greys(transform) if is_neutral(frame.pixels) else transform
        return replace(frame, pixels=tiling.apply(kept, frame.pixels, plan, scale, progress, cancelled))
    deep = enhanced_samples(transform, frame.deep, MAXIMUM, plan, scale, progress, cancelled)
    return replace(frame, pixels=eight_bits(deep), deep=deep)


def enhanced_samples(
    transform: Transform,
    samples: npt.NDArray[Any],
    maximum: float,
    plan: Plan,
    scale: int,
    progress: Progress,
    cancelled: IsCancelled,
    *,
    minimum: float = 0.0,
) -> npt.NDArray[Any]:
    """`transform` over samples (h, w, 1 or 3) of any real type, as (h·scale, w·scale, 1 or 3) of the same.

    minimum, maximum: what the transform gets as 0 and 1. Integers are rounded to nearest; nothing leaves the range.
    One channel is handed over as three equal ones. NaN spreads as far as the transform looks. Raises Cancelled.
    """
    grey = samples.shape[2] == 1 or is_neutral(samples)
    kept = in_greys(transform) if grey else transform
    span, channels = maximum - minimum, samples.shape[2]

    def deep(tile: npt.NDArray[Any]) -> npt.NDArray[Any]:
        values = ((tile - np.float64(minimum)) / span).astype(np.float32)
        made = kept(np.ascontiguousarray(np.broadcast_to(values, (*values.shape[:2], 3))))
        back = np.clip(made[..., :channels].astype(np.float64) * span + minimum, minimum, maximum)
        kept_type: npt.NDArray[Any] = (np.rint(back) if tile.dtype.kind in "ui" else back).astype(tile.dtype)
        return kept_type

    return tiling.apply(deep, samples, plan, scale, progress, cancelled)


def to_unit(tile: npt.NDArray[Any]) -> Unit:
    """A tile as floats from 0 to 1, whichever of its two types it has."""
    return tile.astype(np.float32) / np.float32(255.0) if tile.dtype == np.uint8 else tile


def like(tile: npt.NDArray[Any], values: npt.NDArray[np.floating[Any]]) -> npt.NDArray[Any]:
    """Values from 0 to 1, clipped, in the type of `tile`: bytes are rounded to nearest."""
    kept = np.clip(values, 0.0, 1.0)
    made: npt.NDArray[Any] = (np.rint(kept * 255.0) if tile.dtype == np.uint8 else kept).astype(tile.dtype)
    return made


def eight_bits(deep: Deep) -> Pixels:
    """RGB uint8 (h, w, 3) of uint16 (h, w, 1 or 3), rounded to nearest."""
    made = np.empty((*deep.shape[:2], 3), np.uint8)
    for top in range(0, len(deep), _ROWS):
        rows = slice(top, top + _ROWS)
        made[rows] = (deep[rows].astype(np.uint32) + 128) // 257
    return made
