"""Batches of (merged, wanted) patches: bursts of photographs, merged as a request merges them, beside the photographs.

Merging costs a second a burst, so each run merges its bursts once, keeps them in a file, and cuts patches from them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import ConfigurationError, InvalidInput
from core.weights import read_manifest
from generators import cards, restoration
from generators.base import Job
from generators.burst.generator import BurstMerger
from generators.probing import noise_level
from training.evaluate import DEFAULT_WEIGHTS
from training.evaluation.restoring import bursts, contest
from training.evaluation.shown import as_media
from training.metrics import Picture
from training.patches import Patches
from training.restorers.recipe import Bursts, RestorerRecipe
from training.restorers.spoiling import Batch, as_floats
from training.restorers.wearing import recoded

PRIOR = "upscale_x2"
"""The network whose enlargement a merge is drawn to."""
_RIM = 8  # pixels: moved pictures are mirrored there, as no camera's are
_SHAKEN, _CUT = 2, 3  # streams of chance beside that of `Patches`
_TRIES = 3  # a piece of sky lies nowhere in particular: how many pieces for each burst there may be


@dataclass(frozen=True, eq=False, slots=True)
class Pairs:
    """merged, wanted: RGB uint8 (n, side, side, 3). noise: float64 (n,), σ as it was found in each first picture."""

    merged: Picture
    wanted: Picture
    noise: NDArray[np.float64]


class Merged:
    """Batch k is a function of the recipe and k alone."""

    def __init__(self, pairs: Pairs, recipe: RestorerRecipe) -> None:
        self._pairs = pairs
        self._recipe = recipe

    def batch(self, step: int) -> Batch:
        """Batch number `step`: floats in 0–1, two of (batch, 3, patch, patch)."""
        random = np.random.default_rng([self._recipe.seed, step, _CUT])
        cut = [self._cut(random) for _ in range(self._recipe.batch)]
        merged, wanted = (as_floats(np.stack(side)) for side in zip(*cut, strict=True))
        return merged, wanted

    def _cut(self, random: np.random.Generator) -> tuple[Picture, Picture]:
        side, patch = self._pairs.merged.shape[1], self._recipe.patch
        number = int(random.integers(len(self._pairs.merged)))
        top, left = (int(start) for start in random.integers(_RIM, side - patch - _RIM + 1, size=2))
        turns, flipped = int(random.integers(4)), bool(random.integers(2))
        place = np.s_[number, top : top + patch, left : left + patch]
        merged, wanted = (
            np.rot90(each[place][:, ::-1] if flipped else each[place], turns)
            for each in (self._pairs.merged, self._pairs.wanted)
        )
        return merged, wanted


def merger() -> BurstMerger:
    """What a request for a merge gets where no network finishes it."""
    network = restoration.load(read_manifest(DEFAULT_WEIGHTS)[PRIOR], "cpu")
    return BurstMerger(network, cards.shipped("burst.md"))


def merged_pairs(folder: Path, pictures: Mapping[str, Picture], plan: Bursts, seed: int) -> Pairs:
    """All bursts of a run, from the folder's file where they are there. pictures: RGB uint8, by name.

    Raises ConfigurationError where nothing in them shows how pictures lie on each other.
    """
    merge = merger()
    path = folder / _name(pictures, plan, seed, merge.version)
    if path.exists():
        with np.load(path) as kept:
            return Pairs(kept["merged"], kept["wanted"], kept["noise"])
    found = list(_made(merge, pictures, plan, seed))
    if not found:
        raise ConfigurationError("no burst could be made of these pictures: they show too little")
    merged, wanted, noise = zip(*found, strict=True)
    pairs = Pairs(np.stack(merged), np.stack(wanted), np.array(noise))
    folder.mkdir(parents=True, exist_ok=True)
    partial = path.with_name("partial.npz")
    np.savez(partial, merged=pairs.merged, wanted=pairs.wanted, noise=pairs.noise)
    partial.rename(path)
    return pairs


def _name(pictures: Mapping[str, Picture], plan: Bursts, seed: int, version: str) -> str:
    told = [plan.model_dump(mode="json"), seed, version, sorted(pictures)]
    return f"merged-{hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]}.npz"


def _made(
    merge: BurstMerger, pictures: Mapping[str, Picture], plan: Bursts, seed: int
) -> Iterator[tuple[Picture, Picture, float]]:
    """(merged, wanted, noise), as many as the plan says; fewer where the pieces of the photographs show too little."""
    pieces = Patches(pictures, 1, plan.side, 1, seed)
    left = plan.crops
    for number in range(plan.crops * _TRIES):
        if not left:
            return
        (wanted,) = pieces.cut(number)
        try:
            merged, noise = _merged(merge, wanted, plan, np.random.default_rng([seed, number, _SHAKEN]))
        except InvalidInput:  # nothing that shows how its pictures lie on each other
            continue
        left -= 1
        yield merged, wanted, noise


def _merged(merge: BurstMerger, wanted: Picture, plan: Bursts, random: np.random.Generator) -> tuple[Picture, float]:
    taken = _taken(wanted, plan, random)
    first, *others = (as_media(picture) for picture in taken)
    return contest.run(merge, Job(first, {}, burst=tuple(others))), noise_level(taken[0])


def _taken(wanted: Picture, plan: Bursts, random: np.random.Generator) -> list[Picture]:
    frames, sigma = int(random.integers(plan.frames[0], plan.frames[1] + 1)), random.uniform(*plan.noise)
    reduction = bursts.AREA if random.random() < plan.area else bursts.BICUBIC
    taken = bursts.taken(wanted, frames, sigma, reduction, int(random.integers(2**31)))
    if random.random() < plan.recoded:
        quality = round(random.uniform(*plan.jpeg))
        taken = [recoded(picture, quality, random) for picture in taken]
    return taken
