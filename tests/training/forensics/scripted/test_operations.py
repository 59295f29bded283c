"""Every operation changes what its mask says and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from tests.detectors.making import halved
from tests.training.forensics.scripted.making import NAMES, disc, rebuild
from training.forensics.scripted import regions
from training.forensics.scripted.operations import OPERATIONS, Materials

SIDE = 128
_BRUSH = 8  # pixels: two sigmas and more of the softest edge


def square(name: str) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.ascontiguousarray(halved(name)[20 : 20 + SIDE, 30 : 30 + SIDE])


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("seed", range(4))
def test_only_what_the_mask_says_changes(name: str, seed: int) -> None:
    host, random = square(NAMES[seed]), np.random.default_rng(seed)
    before = host.copy()
    materials = Materials([halved("dogs"), halved("crab")], [disc()], rebuild)
    changed, mask = OPERATIONS[name](host, materials, random)
    assert np.array_equal(host, before)
    assert (changed.shape, mask.shape) == (host.shape, host.shape[:2])
    assert 0 < mask.mean() < 0.6
    assert np.abs(changed[mask > 0.5].astype(int) - host[mask > 0.5]).mean() > 0.2
    near = regions.soften(mask, _BRUSH) > 0
    assert np.array_equal(changed[~near], host[~near])


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_same_chance_makes_the_same(name: str) -> None:
    materials = Materials([halved("dogs")], [disc()], rebuild)
    first, again = (OPERATIONS[name](square("jaguars"), materials, np.random.default_rng(9)) for _ in range(2))
    assert np.array_equal(first[0], again[0])
    assert np.array_equal(first[1], again[1])


def test_regions_cover_about_what_they_are_asked_for() -> None:
    shares = [regions.draw(np.random.default_rng(seed), 100, 0.1, 0.2).mean() for seed in range(60)]
    assert 0.08 < np.median(shares) < 0.22
    assert min(shares) > 0
