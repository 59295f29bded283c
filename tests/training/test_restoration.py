"""A run can be cut and gone on with, and it learns."""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from core.errors import ConfigurationError
from core.weights import read_manifest
from generators import cards
from tests.training.conftest import manifest_line, write_manifest
from training import restoration
from training.harness.loop import Report, begin
from training.loss import pixel_loss
from training.metrics import Picture
from training.networks import build_compact
from training.patches import Patches
from training.recipe import read_recipe
from training.restoration import run_training
from training.restorers.compact import Enlarging, Recipe
from training.run import Run

MEDIA = Path(__file__).parents[1] / "media"
RECIPES = Path(__file__).parents[2] / "training" / "recipes"


def seconds() -> Callable[[], float]:
    """A clock on which everything takes one second."""
    ticks = count()
    return lambda: float(next(ticks))


class PowerCut(Exception):
    """Ends a run between two steps."""


def cut_at(step: int) -> Callable[[Report], None]:
    def report(report: Report) -> None:
        if report.step == step:
            raise PowerCut

    return report


@pytest.mark.parametrize("cut", [4, 6])
def test_a_resumed_run_equals_an_uninterrupted_one(
    recipe: Recipe, pictures: dict[str, Picture], tmp_path: Path, cut: int
) -> None:
    # The budget, not the steps, ends this run: the schedule too must go on where it stopped.
    recipe = recipe.model_copy(update={"steps": 1000, "budget_seconds": 12})
    whole = run_training(Run(recipe, "digest", tmp_path / "whole"), pictures, clock=seconds())

    run = Run(recipe, "digest", tmp_path / "cut")
    with pytest.raises(PowerCut):
        run_training(run, pictures, clock=seconds(), report=cut_at(cut))
    resumed = run_training(run, pictures, resume=True, clock=seconds())

    assert resumed.step == whole.step == 12
    wanted = whole.average.state_dict()
    for key, value in resumed.average.state_dict().items():
        assert torch.equal(value, wanted[key]), key


def test_a_checkpoint_of_another_recipe_is_refused(
    recipe: Recipe, pictures: dict[str, Picture], tmp_path: Path
) -> None:
    run_training(Run(recipe, "one", tmp_path), pictures)
    with pytest.raises(ConfigurationError, match="belongs to recipe one, not another"):
        run_training(Run(recipe, "another", tmp_path), pictures, resume=True)


def test_an_interrupted_save_leaves_the_older_checkpoint(
    recipe: Recipe, pictures: dict[str, Picture], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run(recipe, "digest", tmp_path)
    run_training(run, pictures)
    before = run.checkpoint.read_bytes()

    def dies(_: object, path: Path) -> None:
        path.write_bytes(b"half")
        raise PowerCut

    monkeypatch.setattr(torch, "save", dies)
    with pytest.raises(PowerCut):
        run_training(run.__class__(recipe, "digest", tmp_path), pictures)
    assert run.checkpoint.read_bytes() == before


def held_out_loss(network: torch.nn.Module, recipe: Recipe, pictures: dict[str, Picture]) -> float:
    small, large = Patches(pictures, recipe.scale, recipe.patch, batch=16, seed=recipe.seed + 1).batch(0)
    with torch.no_grad():
        return pixel_loss(network(small), large).item()


@pytest.mark.parametrize("name", ["upscale_x2", "upscale_x4"])
def test_the_smoke_profile_lowers_the_loss_on_photographs(name: str, tmp_path: Path) -> None:
    photographs = {path.name: np.asarray(Image.open(path)) for path in sorted(MEDIA.glob("*.jpg"))}
    recipe = read_recipe(RECIPES / f"{name}.yaml", Recipe, "smoke")
    torch.manual_seed(recipe.seed)
    untrained = build_compact(recipe.network, recipe.scale)
    state = run_training(Run(recipe, "digest", tmp_path), photographs)
    assert held_out_loss(state.average, recipe, photographs) < 0.9 * held_out_loss(untrained, recipe, photographs)


def test_the_command_goes_from_recipe_to_card(
    pictures: dict[str, Picture], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = []
    for index, (name, picture) in enumerate(pictures.items()):
        split = "test" if index < 2 else "train"
        lines.append(manifest_line(name=name, split=split, sha256=name))
        cached = tmp_path / "cache" / "photographs" / split / f"{name}.png"
        cached.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(cached)
    manifest = write_manifest(tmp_path / "corpus.tsv", *lines)
    recipe = RECIPES / "upscale_x2.yaml"
    options = {"profile": "smoke", "budget-seconds": "1", "threads": "1", "cache": str(tmp_path / "cache")}
    options |= {"manifest": str(manifest), "runs": str(tmp_path / "runs"), "output": str(tmp_path / "out")}
    words = [word for key, value in options.items() for word in (f"--{key}", value)]
    monkeypatch.setattr(sys, "argv", ["restoration", str(recipe), *words])
    restoration.main()
    pinned = read_manifest(tmp_path / "out" / "weights" / "weights.toml")["upscale_x2"]
    card = cards.read(tmp_path / "out" / "cards" / pinned.card)
    assert pinned.load()
    assert "4 photographs of `training/corpora/corpus.tsv`" in card.markdown


@pytest.mark.parametrize("name", ["upscale_x2", "upscale_x4"])
def test_recipes_older_than_the_loop_mean_what_they_meant(name: str) -> None:
    recipe = read_recipe(RECIPES / f"{name}.yaml", Recipe)
    found = (recipe.weight_decay, recipe.warm_up, recipe.largest_gradient, recipe.precision, recipe.frequency_from)
    assert found == (0.0, 30, 0.5, "fp32", 0.6)


def test_spectra_count_from_the_progress_that_the_recipe_names(recipe: Recipe, pictures: dict[str, Picture]) -> None:
    state = begin(recipe, build_compact(recipe.network, recipe.scale))
    task = Enlarging(recipe, recipe.patches(pictures), state)
    early = task.loss(state.network, 0)[0].item()
    small, large = recipe.patches(pictures).batch(0)
    assert early == pytest.approx(pixel_loss(state.network(small), large).item(), rel=1e-5)
    state.step = recipe.steps // 2
    assert task.loss(state.network, 0)[0].item() > early


@pytest.mark.parametrize(
    ("text", "message"),
    [("name: x\nscale: 9\n", "scale"), ("surprise: 1\n", "surprise"), ("name: x\nbatch: 0\n", "batch")],
)
def test_a_recipe_says_what_is_wrong_with_it(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=message):
        read_recipe(path, Recipe)


def test_an_unknown_profile_is_named_beside_the_known_ones() -> None:
    with pytest.raises(ConfigurationError, match=r"no profile 'full'; it has \['smoke'\]"):
        read_recipe(RECIPES / "upscale_x2.yaml", Recipe, "full")
