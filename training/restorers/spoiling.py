"""Batches of (spoiled, wanted) patches of photographs, in an order that the seed and the step fix."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import cv2
import numpy as np
import torch
from cv2.typing import MatLike

from training.blurring import blurred, disc, motion
from training.degrade import reduce_bicubic
from training.measure import to_picture, to_tensor
from training.patches import Patches, Picture
from training.restorers.recipe import RestorerRecipe, Spoiling
from training.restorers.wearing import recoded, worn

_MOST_BENT = math.pi / 2  # how far a path turns
_ANOTHER = 1  # what is drawn here is independent of what `Patches` draws from the same seed and step

Batch = tuple[torch.Tensor, torch.Tensor]


class Spoiled:
    """Batch k is a function of the recipe and k alone. pictures: as `Patches` takes them."""

    def __init__(self, pictures: Mapping[str, Picture], recipe: RestorerRecipe) -> None:
        # A blurred patch shows what lies around it. It is cut with that, or the network would learn of mirrors.
        self._rim = -(-max((each.rim for each in recipe.spoilings), default=0) // recipe.scale)
        side = recipe.patch + 2 * self._rim
        self._patches = Patches(pictures, recipe.scale, side, recipe.batch, recipe.seed)
        self._recipe = recipe

    def batch(self, step: int) -> Batch:
        """Batch number `step`: floats in 0–1, (batch, 3, patch, patch) and (batch, 3, patch·scale, patch·scale).

        Where the recipe tells the noise, both have a fourth channel that is σ/255 everywhere.
        """
        random = np.random.default_rng([self._recipe.seed, step, _ANOTHER])
        made = [self._made(patch, random) for patch in self._patches.cut(step)]
        spoiled, wanted = (as_floats(np.stack([each[side] for each in made])) for side in (0, 1))
        if not self._recipe.told_noise:
            return spoiled, wanted
        sigmas = torch.tensor([each[2] for each in made])
        return with_sigma(spoiled, sigmas), with_sigma(wanted, sigmas)

    def _made(self, patch: Picture, random: np.random.Generator) -> tuple[Picture, Picture, float]:
        """Spoiled, as it should be, and the σ of the noise, which is drawn here where it is told."""
        wear, scale, sigma = self._recipe.wear, self._recipe.scale, 0.0
        if wear is not None and random.random() < wear.share:
            return worn(patch, wear.rounds, scale, random), patch, sigma
        how = drawn(self._recipe.spoilings, random)
        if self._recipe.told_noise and how is not None and how.noise is not None:
            sigma = random.uniform(*how.noise)
            how = how.model_copy(update={"noise": (sigma, sigma)})
        grey = self._recipe.greys > 0 and random.random() < self._recipe.greys
        patch = _in_grey(cv2.cvtColor(patch, cv2.COLOR_RGB2GRAY)) if grey else patch
        made = spoil(patch, how, scale, random)
        made = _in_grey(made[..., 0]) if grey else made
        return _without(made, self._rim), _without(patch, self._rim * scale), sigma


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
    if how is not None:
        patch = _blurred(patch, how, random)
    if scale > 1:
        patch = to_picture(reduce_bicubic(to_tensor(patch), scale))
    if how is not None and how.noise is not None:
        patch = _noisy(patch, random.uniform(*how.noise), random)
    if how is not None and how.jpeg is not None:
        patch = recoded(patch, round(random.uniform(*how.jpeg)), random)
    return patch


def _blurred(patch: Picture, how: Spoiling, random: np.random.Generator) -> Picture:
    if how.blur is not None:
        patch = _softened(patch, random.uniform(*how.blur))
    if how.defocus is not None and (radius := random.uniform(*how.defocus)) > 0:
        patch = blurred(patch, disc(radius))
    if how.motion is not None:
        length, angle, bend = random.uniform(*how.motion), random.uniform(0, math.pi), random.uniform(-1, 1)
        patch = blurred(patch, motion(length, angle, bend * _MOST_BENT))
    return patch


def _softened(patch: Picture, sigma: float) -> Picture:
    if sigma <= 0:
        return patch
    return np.asarray(cv2.GaussianBlur(patch, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101), np.uint8)


def _noisy(patch: Picture, sigma: float, random: np.random.Generator) -> Picture:
    noisy: Picture = np.rint(np.clip(patch + random.normal(0.0, sigma, patch.shape), 0, 255)).astype(np.uint8)
    return noisy


def as_floats(patches: Picture) -> torch.Tensor:
    """RGB uint8 (n, h, w, 3) → floats in 0–1, (n, 3, h, w)."""
    return torch.from_numpy(patches).permute(0, 3, 1, 2).float().div(255)


def with_sigma(patches: torch.Tensor, sigmas: torch.Tensor) -> torch.Tensor:
    """A fourth channel, σ/255 everywhere. patches: floats (n, 3, h, w). sigmas: (n,), in 8-bit steps."""
    level = sigmas.float().div(255).reshape(-1, 1, 1, 1).expand(-1, 1, *patches.shape[2:])
    return torch.cat([patches, level], dim=1)


def _without(patch: Picture, rim: int) -> Picture:
    return patch[rim:-rim, rim:-rim] if rim else patch


def _in_grey(plane: MatLike) -> Picture:
    return np.repeat(np.asarray(plane, np.uint8)[..., None], 3, axis=2)
