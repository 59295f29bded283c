"""Measures enlargers on large photographs: reduce, enlarge again, compare with the original.

It knows pictures and metrics. An enlarger is any function from a small picture to a large one, so that shipped models,
models in training and the bicubic baseline are measured alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np
import torch

from core.errors import InvalidInput
from training.degrade import enlarge_bicubic, reduce_bicubic
from training.metrics import Picture, Score, mean_score, score

Enlarger: TypeAlias = Callable[[Picture], Picture]
"""uint8 RGB (h, w, 3) → uint8 RGB (h·scale, w·scale, 3)."""


def bicubic(scale: int) -> Enlarger:
    """The baseline that every model must beat."""
    return lambda small: to_picture(enlarge_bicubic(to_tensor(small), scale))


def measure(enlarger: Enlarger, scale: int, originals: Mapping[str, Picture]) -> dict[str, Score]:
    """The score on each original by name, with a border of `scale` pixels left out as in the field's papers.

    Originals are cropped to a multiple of the scale. Raises InvalidInput for one too small to compare.
    """
    return {name: _measure_one(enlarger, scale, name, original) for name, original in originals.items()}


def average(scores: Mapping[str, Score]) -> Score:
    """The mean over pictures."""
    return mean_score(list(scores.values()))


def to_tensor(picture: Picture) -> torch.Tensor:
    """uint8 (h, w, 3) to floats in 0–1, (1, 3, h, w)."""
    return torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1).unsqueeze(0).float().div(255)


def to_picture(values: torch.Tensor) -> Picture:
    """Floats (1, 3, h, w) to uint8 (h, w, 3), clamped and rounded to nearest."""
    rounded = values.detach().clamp(0, 1).mul(255).round().to(torch.uint8)
    picture: Picture = np.ascontiguousarray(rounded[0].permute(1, 2, 0).numpy())
    return picture


def _measure_one(enlarger: Enlarger, scale: int, name: str, original: Picture) -> Score:
    height, width = (side - side % scale for side in original.shape[:2])
    # SSIM needs its 11×11 window inside what the border leaves.
    if min(height, width) < 11 + 2 * scale:
        raise InvalidInput(f"{name} is too small to measure", field="hr", found=f"{width}×{height}")
    wanted = original[:height, :width]
    small = to_picture(reduce_bicubic(to_tensor(wanted), scale))
    return score(enlarger(small), wanted, border=scale)
