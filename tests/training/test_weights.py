"""What trainings start from and what measures them is what is pinned, and was made by the recipe that stands here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.weight_folder import read_folders
from detectors import clip
from training.harness.export import read_made
from training.judging import judge
from training.recipe import file_digest

ROOT = Path(__file__).parents[2] / "training"
FOLDERS = read_folders(judge.MANIFEST) | read_folders(clip.MANIFEST)


@pytest.mark.parametrize("name", FOLDERS)
def test_every_file_is_the_pinned_one_and_of_this_recipe(name: str) -> None:
    with FOLDERS[name].verified() as folder:
        made = read_made(folder)["training"]
    recipe = ROOT / "recipes" / "scenes" / str(made["recipe"])
    assert made["recipe_digest"] == file_digest(recipe)
    assert int(made["steps"]) > 1000


def test_the_judge_is_shipped_and_loads() -> None:
    assert judge.load(FOLDERS["judge"]).threshold > 0


def test_the_scorer_is_shipped_and_loads() -> None:
    fits = clip.load().similarity([np.full((64, 64, 3), 255, np.uint8)], ["a red car", "a dog"])
    assert fits.shape == (1, 2)
