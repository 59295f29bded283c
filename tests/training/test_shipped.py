"""What ships is what the recipes and the corpus in this repository made, and it is worth having."""

from __future__ import annotations

import shutil
import tomllib
from itertools import islice
from pathlib import Path

import pytest
import torch

from core.weights import read_manifest
from generators import catalog
from generators.burst.finishing import Finish
from generators.restoration import PICTURES, TOLD, load
from generators.tiling import Plan
from training.card import write_card
from training.corpora.photographs import MANIFEST
from training.evaluate import evaluate, read_pictures
from training.evaluation.restoring.conditions import Condition
from training.recipe import file_digest
from training.restorers import burst_card
from training.restorers import card as restorer_card
from training.restorers.finishing import measured as measured_merges
from training.restorers.finishing import merged_bursts
from training.restorers.measuring import SPOILT, measured
from training.restorers.reach import reach
from training.restorers.shipping import GRID, TILE

ROOT = Path(__file__).parents[2]
WEIGHTS = ROOT / "generators" / "weights"
UPSCALERS = ["upscale_x2", "upscale_x4"]
RECIPES = {
    "upscale_x2": "upscale_x2.yaml",
    "upscale_x4": "upscale_x4.yaml",
    "denoise": "restoration/denoise.yaml",
    "denoise_sigma": "restoration/denoise_sigma.yaml",
    "burst": "restoration/burst.yaml",
}
CARDS = {"denoise": "denoise_nafnet.md", "denoise_sigma": "denoise_nafnet_sigma.md"}


@pytest.mark.parametrize("name", RECIPES)
def test_the_weights_name_the_recipe_and_corpus_that_lie_here(name: str) -> None:
    made = tomllib.loads((WEIGHTS / "weights.toml").read_text(encoding="utf-8"))[name]["training"]
    assert made["recipe_digest"] == file_digest(ROOT / "training" / "recipes" / RECIPES[name])
    assert made["corpus_digest"] == file_digest(MANIFEST)


def test_the_card_is_the_one_that_the_records_give(tmp_path: Path) -> None:
    write_card(WEIGHTS, tmp_path / "upscale.md")
    written = (tmp_path / "upscale.md").read_text(encoding="utf-8")
    assert written == (ROOT / "generators" / "cards" / "upscale.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", CARDS)
def test_the_restorers_card_is_the_one_that_the_records_give(name: str, tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "weights.toml").write_bytes((WEIGHTS / "weights.toml").read_bytes())
    restorer_card.write_card(tmp_path, name)
    written = (tmp_path / "cards" / CARDS[name]).read_text(encoding="utf-8")
    assert written == (ROOT / "generators" / "cards" / CARDS[name]).read_text(encoding="utf-8")


def test_the_card_of_bursts_is_the_one_that_the_records_give(tmp_path: Path) -> None:
    shutil.copytree(WEIGHTS, tmp_path / "weights", ignore=shutil.ignore_patterns("text_to_image"))
    burst_card.write_card(tmp_path, "burst")
    written = (tmp_path / "cards" / "burst.md").read_text(encoding="utf-8")
    assert written == (ROOT / "generators" / "cards" / "burst.md").read_text(encoding="utf-8")


def test_the_shipped_finish_makes_a_merge_of_photographs_that_it_never_saw_better() -> None:
    pinned = read_manifest(WEIGHTS / "weights.toml")["burst"]
    pictures = read_pictures(ROOT / "tests" / "media")
    finish = Finish(load(pinned, "cpu"), Plan(TILE, pinned.parameters["margin"]), pinned.parameters["doubt"])
    crops = {name: pictures[name][:192, :192] for name in sorted(pictures)[:3]}
    kinds = ((kind, each) for kind, each in merged_bursts(crops) if kind == "area_5")
    (found,) = measured_merges(finish, islice(kinds, 1)).values()
    assert found.merge.gain > 0
    assert found.single.gain > 1


@pytest.mark.parametrize("condition", SPOILT, ids=lambda each: each.name)
def test_the_shipped_denoiser_beats_every_classical_one_on_photographs_it_never_saw(condition: Condition) -> None:
    generators = catalog.build(WEIGHTS, "cpu")
    pictures = read_pictures(ROOT / "tests" / "media")
    crops = {name: picture[:192, :192] for name, picture in pictures.items()}
    assert measured(generators.get("nafnet"), catalog.classical(), condition, crops).gain > 0
    if condition.name.startswith("noise"):
        told = generators.get("nafnet_sigma")
        assert measured(told, [*catalog.classical(), generators.get("nafnet")], condition, crops).gain > 0


# spandrel's NAFNet asks torch for its saved tensors by their older name.
@pytest.mark.filterwarnings("ignore:'saved_variables' is deprecated:DeprecationWarning")
@pytest.mark.parametrize("name", ["denoise", "denoise_sigma", "burst"])
def test_their_tiles_overlap_as_far_as_they_look(name: str) -> None:
    pinned = read_manifest(WEIGHTS / "weights.toml")[name]
    torch.manual_seed(0)
    network = load(pinned, "cpu", PICTURES | TOLD).network
    assert 0 < reach(network.model, GRID, network.input_channels) <= pinned.parameters["margin"]


def test_the_shipped_weights_beat_bicubic_on_photographs_they_never_saw() -> None:
    pinned = read_manifest(WEIGHTS / "weights.toml")
    pictures = read_pictures(ROOT / "tests" / "media")
    crops = {name: picture[:256, :256] for name, picture in pictures.items()}
    rows = evaluate([pinned[name] for name in UPSCALERS], crops)
    scores = {(row.model, row.scale): row.psnr_y for row in rows}
    assert scores["upscale_x2", 2] > scores["bicubic", 2] + 1
    assert scores["upscale_x4", 4] > scores["bicubic", 4] + 0.5
