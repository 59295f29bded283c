"""Batches of (spoiled, wanted) patches of photographs, in an order that the seed and the step fix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import numpy as np
import torch

from training.degrade import reduce_bicubic
from training.measure import to_picture, to_tensor
from training.patches import Patches, Picture
from training.restorers.recipe import RestorerRecipe, Spoiling
from training.restorers.wearing import recoded, worn

_ANOTHER = 1  # what is drawn here is independent of what `Patches` draws from the same seed and step

Batch = tuple[torch.Tensor, torch.Tensor]


class Spoiled:
    """Batch k is a function of the recipe and k alone. pictures: as `Patches` takes them."""

    def __init__(self, pictures: Mapping[str, Picture], recipe: RestorerRecipe) -> None:
        self._patches = Patches(pictures, recipe.scale, recipe.patch, recipe.batch, recipe.seed)
        self._recipe = recipe

    def batch(self, step: int) -> Batch:
        """Batch number `step`: floats in 0–1, (batch, 3, patch, patch) and (batch, 3, patch·scale, patch·scale)."""
        random = np.random.default_rng([self._recipe.seed, step, _ANOTHER])
        wanted = self._patches.cut(step)
        spoiled = np.stack([self._spoil(patch, random) for patch in wanted])
        return as_floats(spoiled), as_floats(wanted)

    def _spoil(self, patch: Picture, random: np.random.Generator) -> Picture:
        wear, scale = self._recipe.wear, self._recipe.scale
        if wear is not None and random.random() < wear.share:
            return worn(patch, wear.rounds, scale, random)
        return spoil(patch, drawn(self._recipe.spoilings, random), scale, random)


def drawn(spoilings: Sequence[Spoiling], random: np.random.Generator) -> Spoiling | None:
    """One of them, each as often as its share says; None for the rest."""
    left = random.random()
    for each in spoilings:
        left -= each.share
        if left < 0:
            return each
    return None


def spoil(patch: Picture, how: Spoiling | None, scale: int, random: np.random.Generator) -> Picture:
    """RGB uint8 (h, w, 3) → RGB uint8 (h/scale, w/scale, 3), sides being multiples of the scale."""
    if how is not None and how.blur is not None:
        patch = _blurred(patch, random.uniform(*how.blur))
    if scale > 1:
        patch = to_picture(reduce_bicubic(to_tensor(patch), scale))
    if how is not None and how.noise is not None:
        patch = _noisy(patch, random.uniform(*how.noise), random)
    if how is not None and how.jpeg is not None:
        patch = recoded(patch, round(random.uniform(*how.jpeg)), random)
    return patch


def _blurred(patch: Picture, sigma: float) -> Picture:
    if sigma <= 0:
        return patch
    return np.asarray(cv2.GaussianBlur(patch, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101), np.uint8)


def _noisy(patch: Picture, sigma: float, random: np.random.Generator) -> Picture:
    noisy: Picture = np.rint(np.clip(patch + random.normal(0.0, sigma, patch.shape), 0, 255)).astype(np.uint8)
    return noisy


def as_floats(patches: Picture) -> torch.Tensor:
    """RGB uint8 (n, h, w, 3) → floats in 0–1, (n, 3, h, w)."""
    return torch.from_numpy(patches).permute(0, 3, 1, 2).float().div(255)
