"""Small pictures with edges and texture, made from a seed; sprites and scenes of the tests' own drawings."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

from tests.training.drawings import shapes, write_packages
from training.corpora import sprites
from training.corpora.manifest import COLUMNS
from training.metrics import Picture
from training.restorers.compact import Network, Recipe
from training.scenes.compose import Compositor
from training.scenes.grammar import Grammar
from training.scenes.prior import read_prior
from training.scenes.source import Source
from training.scenes.vocabulary import Vocabulary, read_vocabulary

# The laws hold at any speed; a deadline would test how busy the machine is.
settings.register_profile("any-speed", deadline=None)
settings.load_profile("any-speed")


def textured(seed: int, side: int = 96) -> Picture:
    """A picture of rectangles and stripes: what bicubic blurs and a network can learn to sharpen."""
    random = np.random.default_rng(seed)
    picture = np.full((side, side, 3), random.integers(40, 200, size=3), dtype=np.uint8)
    for _ in range(30):
        top, left = random.integers(0, side - 8, size=2)
        height, width = random.integers(3, 24, size=2)
        picture[top : top + height, left : left + width] = random.integers(0, 256, size=3)
    picture[:, :: int(random.integers(5, 9))] //= 2
    return picture


@pytest.fixture(scope="session")
def pictures() -> dict[str, Picture]:
    return {f"picture-{seed}": textured(seed) for seed in range(6)}


@pytest.fixture
def recipe() -> Recipe:
    return Recipe(
        name="tiny",
        scale=2,
        network=Network(features=27, blocks=1),
        seed=3,
        steps=12,
        budget_seconds=1000,
        batch=2,
        patch=12,
        learning_rate=1e-3,
        final_learning_rate=1e-4,
        average=0.9,
        frequency_weight=0.05,
        frequency_from=0.5,
        log_every=1,
        checkpoint_every=4,
    )


def manifest_line(**changes: str) -> dict[str, str]:
    """A photograph that may be used."""
    values = {column: f"some {column}" for column in COLUMNS}
    return values | {"split": "train", "licence": "CC0-1.0"} | changes


def write_manifest(path: Path, *lines: dict[str, str]) -> Path:
    """A manifest with these photographs."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, delimiter="\t", lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)
    return path


@pytest.fixture(scope="session")
def vocabulary() -> Vocabulary:
    return read_vocabulary()


@pytest.fixture(scope="session")
def sprite_cache(tmp_path_factory: pytest.TempPathFactory, vocabulary: Vocabulary) -> Path:
    """A cache as `training.corpora.sprites` builds it, of the tests' own drawings."""
    cache = tmp_path_factory.mktemp("cache")
    write_packages(cache / "packages", vocabulary)
    sprites.build(cache)
    return cache


@pytest.fixture(scope="session")
def source(vocabulary: Vocabulary) -> Source:
    """Scenes of 64×64 px of the tests' own drawings."""
    grammar = Grammar(vocabulary, read_prior("balanced"))
    return Source(grammar, Compositor(vocabulary, shapes(vocabulary)), seed=7, side=64)
