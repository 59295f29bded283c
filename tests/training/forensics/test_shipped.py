"""The shipped network of decoders' traces is what the recipe here made, and tells what its card says it tells."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.weights import read_manifest, read_tables
from detectors.generated.artefact import NAME, ArtefactBranch
from training.artefact import CARD
from training.corpora.photographs import MANIFEST
from training.evaluate import read_pictures
from training.forensics.reconstruct import by_upscaler
from training.recipe import file_digest

ROOT = Path(__file__).parents[3]
WEIGHTS = ROOT / "detectors" / "weights"


def test_the_weights_name_the_recipe_and_corpus_that_lie_here() -> None:
    made = read_tables(WEIGHTS / "weights.toml")[NAME]["training"]
    assert made["recipe_digest"] == file_digest(ROOT / "training" / "recipes" / "detectors" / made["recipe"])
    assert made["corpus_digest"] == file_digest(MANIFEST)


def test_the_card_is_of_the_weights_that_are_pinned() -> None:
    assert read_manifest(WEIGHTS / "weights.toml")[NAME].sha256 in (WEIGHTS / CARD).read_text(encoding="utf-8")


def test_photographs_that_were_enlarged_again_score_higher_than_themselves() -> None:
    branch = ArtefactBranch.load(read_manifest(WEIGHTS / "weights.toml")[NAME])
    enlarge = by_upscaler("upscale_x4", ROOT / "generators" / "weights" / "weights.toml")
    pictures = [each[:192, :192] for each in read_pictures(ROOT / "tests" / "media").values()]
    textured = [each for each in pictures if each.shape[:2] == (192, 192) and each.std() > 10]
    real = branch.read(textured)
    made = branch.read([enlarge(each) for each in textured])
    higher = [
        high > low for (high, _), (low, _) in zip(made, real, strict=True) if high is not None and low is not None
    ]
    assert len(higher) >= 4
    assert np.mean(higher) > 0.7
