"""What ships is what the recipes and the corpus in this repository made, and it is worth having."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from core.weights import read_manifest
from training.card import write_card
from training.corpora.photographs import MANIFEST
from training.evaluate import evaluate, read_pictures
from training.recipe import file_digest

ROOT = Path(__file__).parents[2]
WEIGHTS = ROOT / "generators" / "weights"
UPSCALERS = ["upscale_x2", "upscale_x4"]


@pytest.mark.parametrize("name", UPSCALERS)
def test_the_weights_name_the_recipe_and_corpus_that_lie_here(name: str) -> None:
    made = tomllib.loads((WEIGHTS / "weights.toml").read_text(encoding="utf-8"))[name]["training"]
    assert made["recipe_digest"] == file_digest(ROOT / "training" / "recipes" / made["recipe"])
    assert made["corpus_digest"] == file_digest(MANIFEST)


def test_the_card_is_the_one_that_the_records_give(tmp_path: Path) -> None:
    write_card(WEIGHTS, tmp_path / "upscale.md")
    written = (tmp_path / "upscale.md").read_text(encoding="utf-8")
    assert written == (ROOT / "generators" / "cards" / "upscale.md").read_text(encoding="utf-8")


def test_the_shipped_weights_beat_bicubic_on_photographs_they_never_saw() -> None:
    pinned = read_manifest(WEIGHTS / "weights.toml")
    pictures = read_pictures(ROOT / "tests" / "media")
    crops = {name: picture[:256, :256] for name, picture in pictures.items()}
    rows = evaluate([pinned[name] for name in UPSCALERS], crops)
    scores = {(row.model, row.scale): row.psnr_y for row in rows}
    assert scores["upscale_x2", 2] > scores["bicubic", 2] + 1
    assert scores["upscale_x4", 4] > scores["bicubic", 4] + 0.5
