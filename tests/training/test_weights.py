"""What trainings start from and what measures them is what is pinned, and was made by the recipe that stands here."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.weight_folder import read_folders
from training.harness.export import read_made
from training.judging import judge
from training.recipe import file_digest

ROOT = Path(__file__).parents[2] / "training"
FOLDERS = read_folders(ROOT / "weights" / "weights.toml")


@pytest.mark.parametrize("name", FOLDERS)
def test_every_file_is_the_pinned_one_and_of_this_recipe(name: str) -> None:
    with FOLDERS[name].verified() as folder:
        made = read_made(folder)["training"]
    recipe = ROOT / "recipes" / "scenes" / str(made["recipe"])
    assert made["recipe_digest"] == file_digest(recipe)
    assert int(made["steps"]) > 1000


def test_the_judge_is_shipped_and_loads() -> None:
    assert judge.MANIFEST == ROOT / "weights" / "weights.toml"
    assert judge.load(FOLDERS["judge"]).threshold > 0
