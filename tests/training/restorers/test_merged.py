"""Bursts are merged once a run, each from the seed alone, and patches lie on what they should become."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.errors import ConfigurationError
from tests.generators.pictures import photo
from training.metrics import score
from training.recipe import read_recipe
from training.restorers import merged
from training.restorers.merged import Merged, merged_pairs
from training.restorers.recipe import Bursts, RestorerRecipe

PLAN = Bursts(crops=2, side=64, frames=(3, 3), noise=(2, 2), area=1.0, jpeg=(90, 90), recoded=0.5)
PICTURES = {name: photo(name, 96, 96) for name in ("fig.jpg", "crab.jpg")}
RECIPE = Path(__file__).parents[3] / "training" / "recipes" / "restoration" / "burst.yaml"


def test_bursts_are_merged_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = merged_pairs(tmp_path, PICTURES, PLAN, 1)
    assert len(first.merged) == len(first.wanted) == 2
    for made, wanted in zip(first.merged, first.wanted, strict=True):
        assert score(made, wanted, 8).psnr_y > 20
    other = merged_pairs(tmp_path / "other", PICTURES, PLAN, 1)
    assert np.array_equal(first.merged, other.merged)
    monkeypatch.setattr(merged, "_made", lambda *_: pytest.fail("merged again"))
    again = merged_pairs(tmp_path, PICTURES, PLAN, 1)
    assert np.array_equal(first.merged, again.merged)
    assert np.array_equal(first.wanted, again.wanted)
    assert np.array_equal(first.noise, again.noise)
    assert (first.noise > 0.5).all()


def test_other_bursts_are_not_taken_for_these(tmp_path: Path) -> None:
    merged_pairs(tmp_path, PICTURES, PLAN, 1)
    noisier = merged_pairs(tmp_path, PICTURES, PLAN.model_copy(update={"noise": (9, 9)}), 1)
    assert not np.array_equal(noisier.merged, merged_pairs(tmp_path, PICTURES, PLAN, 1).merged)


def test_patches_lie_on_what_they_should_become(tmp_path: Path) -> None:
    pictures = np.stack([photo(name, 80, 80) for name in PICTURES])
    pairs = merged.Pairs(pictures, pictures, np.zeros(2))
    recipe = read_recipe(RECIPE, RestorerRecipe, "smoke")
    patches = Merged(pairs, recipe)
    made, wanted = patches.batch(5)
    assert made.shape == (recipe.batch, 3, recipe.patch, recipe.patch)
    assert made.equal(wanted)
    assert made.equal(patches.batch(5)[0])
    assert not made.equal(patches.batch(6)[0])


def test_pictures_that_show_nothing_make_no_burst(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no burst"):
        merged_pairs(
            tmp_path, {"sky": np.full((96, 96, 3), 90, np.uint8)}, PLAN.model_copy(update={"noise": (0, 0)}), 1
        )
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"frames": (1, 4)}, "frames must rise"),
        ({"jpeg": (90, 40)}, "jpeg must rise"),
        ({"side": 65}, "multiple of 2"),
    ],
)
def test_an_impossible_plan_is_refused(changed: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Bursts.model_validate(PLAN.model_dump() | changed)


def test_a_recipe_merges_or_spoils() -> None:
    recipe = read_recipe(RECIPE, RestorerRecipe).model_dump()
    for changed in ({"bursts": None}, {"spoilings": [{"share": 0.5, "noise": (1, 2)}]}):
        with pytest.raises(ValueError, match=r"nothing to restore|nor spoiled"):
            RestorerRecipe.model_validate(recipe | changed)
