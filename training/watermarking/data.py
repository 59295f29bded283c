"""Patches of photographs as large as a picture is when it is marked.

Batch k is a function of the seed and k alone, so a resumed run sees exactly what an uninterrupted one would.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from PIL import Image

from core.media import Pixels

_GREY = 0.1  # share of patches without colour
SHORT = 512  # pixels: larger pictures are marked at this short side


class Patches:
    """pictures: RGB by name. Each is held at two sizes, as it is marked and a quarter smaller."""

    def __init__(self, pictures: Mapping[str, Pixels], side: int) -> None:
        self._side = side
        self._pictures = [sized for name in sorted(pictures) for sized in _sizes(pictures[name], side)]
        areas = np.array([picture.shape[0] * picture.shape[1] for picture in self._pictures], dtype=np.float64)
        self._chances = np.sqrt(areas) / np.sqrt(areas).sum()

    def batch(self, random: np.random.Generator, count: int) -> torch.Tensor:
        """(count, 3, side, side) floats of 0–255."""
        stack = np.stack([self._patch(random) for _ in range(count)])
        return torch.from_numpy(stack).permute(0, 3, 1, 2).float().contiguous()

    def _patch(self, random: np.random.Generator) -> Pixels:
        picture = self._pictures[int(random.choice(len(self._pictures), p=self._chances))]
        top = int(random.integers(picture.shape[0] - self._side + 1))
        left = int(random.integers(picture.shape[1] - self._side + 1))
        patch = np.rot90(picture[top : top + self._side, left : left + self._side], k=int(random.integers(4)))
        patch = patch[:, ::-1] if random.integers(2) else patch
        return np.ascontiguousarray(patch[..., [1, 1, 1]] if random.random() < _GREY else patch)


def _sizes(picture: Pixels, side: int) -> list[Pixels]:
    found = []
    for short in (SHORT, SHORT * 3 // 4):
        factor = max(min(1.0, short / min(picture.shape[:2])), side / min(picture.shape[:2]))
        size = tuple(max(side, round(length * factor)) for length in picture.shape[1::-1])
        resized = Image.fromarray(picture).resize((size[0], size[1]), Image.Resampling.LANCZOS)
        found.append(np.array(resized, dtype=np.uint8))
    return found
