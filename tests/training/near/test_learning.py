"""The training of visual words: its smoke profile makes weights that describe, and equal seeds make equal ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.errors import InvalidInput
from core.weights import read_manifest
from detectors.near.description import NAME, Describer, turned
from tests.detectors.making import halved
from training.near.__main__ import make
from training.near.learning import NearPlan, learn
from training.recipe import read_recipe

RECIPE = Path("training/recipes/detectors/near_duplicate.yaml")


def test_the_smoke_profile_makes_weights_that_describe(tmp_path: Path) -> None:
    plan = read_recipe(RECIPE, NearPlan, "smoke")
    pictures = [halved("crab"), halved("dogs")]
    path = make(RECIPE, plan, pictures, tmp_path)
    assert path.stat().st_size < 16 * 2**20
    describer = Describer.load(read_manifest(tmp_path / "weights.toml")[NAME])
    kept = describer.listed(halved("fig"))
    assert kept is not None
    assert (kept.code.shape, kept.marks.seen.shape[1]) == ((plan.bits // 8,), plan.width)
    again = learn(pictures, plan)
    assert all(np.array_equal(again[name].astype(np.float16), array) for name, array in _arrays(path).items())


def _arrays(path: Path) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float16]]]:
    from safetensors.numpy import load_file

    return load_file(path)


def test_plain_pictures_teach_nothing() -> None:
    with pytest.raises(InvalidInput, match="no picture has points"):
        learn([np.zeros((50, 50, 3), np.uint8)], read_recipe(RECIPE, NearPlan, "smoke"))


def test_the_turn_keeps_angles() -> None:
    one, other = np.random.default_rng(1).normal(size=(2, 64)).astype(np.float32)
    assert turned(one) @ turned(other) == pytest.approx(64 * (one @ other), rel=1e-4)
