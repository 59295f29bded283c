"""Cuts training patches out of photographs, in an order that the seed and the step fix.

Batch k is a function of the seed and k alone, so a resumed run sees exactly what an uninterrupted one would.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import torch

from training.degrade import reduce_bicubic

Picture = npt.NDArray[np.uint8]


class Patches:
    """Batches of (small, large) patches. pictures: uint8 RGB arrays, (height, width, 3), at least one patch large."""

    def __init__(self, pictures: Mapping[str, Picture], scale: int, patch: int, batch: int, seed: int) -> None:
        self._pictures = [pictures[name] for name in sorted(pictures)]
        self._scale = scale
        self._side = patch * scale
        self._batch = batch
        self._seed = seed
        areas = np.array([picture.shape[0] * picture.shape[1] for picture in self._pictures], dtype=np.float64)
        self._chances = np.sqrt(areas) / np.sqrt(areas).sum()  # large pictures more often, but not in full proportion

    def batch(self, step: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Batch number `step`: floats in 0–1, (batch, 3, patch, patch) and (batch, 3, patch·scale, patch·scale)."""
        large = torch.from_numpy(self.cut(step)).permute(0, 3, 1, 2).float().div(255)
        return reduce_bicubic(large, self._scale), large

    def cut(self, step: int) -> Picture:
        """The large patches of batch number `step` as they are in the photographs: (batch, side, side, 3)."""
        random = np.random.default_rng([self._seed, step])
        return np.stack([self._patch(random) for _ in range(self._batch)])

    def _patch(self, random: np.random.Generator) -> Picture:
        # Half of a photograph is sky or blur, which teaches little: of two crops the more detailed one is kept.
        first, second = self._crop(random), self._crop(random)
        chosen = first if _detail(first) >= _detail(second) else second
        turned = np.rot90(chosen, k=int(random.integers(4)))
        return np.ascontiguousarray(turned[:, ::-1] if random.integers(2) else turned)

    def _crop(self, random: np.random.Generator) -> Picture:
        picture = self._pictures[int(random.choice(len(self._pictures), p=self._chances))]
        top = int(random.integers(picture.shape[0] - self._side + 1))
        left = int(random.integers(picture.shape[1] - self._side + 1))
        return picture[top : top + self._side, left : left + self._side]


def _detail(patch: Picture) -> float:
    return float(np.abs(np.diff(patch[..., 1].astype(np.int16), axis=1)).mean())
