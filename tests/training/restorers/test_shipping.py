"""What a classical method beats does not ship, and nothing of it is written."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from core.errors import PreconditionFailed
from core.weights import read_manifest
from generators import cards, catalog
from tests.generators.pictures import photo
from training.export import to_safetensors
from training.restorers import shipping
from training.restorers.architectures import build
from training.restorers.card import write_card
from training.restorers.measuring import SPOILT, interval
from training.restorers.reach import reach

# spandrel's NAFNet asks torch for its saved tensors by their older name.
pytestmark = pytest.mark.filterwarnings("ignore:'saved_variables' is deprecated:DeprecationWarning")
MADE = {
    "recipe": "denoise.yaml",
    "recipe_digest": "sha256:0",
    "corpus": "photographs.tsv",
    "corpus_digest": "sha256:0",
    "photographs": 1,
    "steps": 1,
    "seconds": 60,
}
PICTURES = {name: photo(name, 64, 64) for name in ("fig.jpg", "crab.jpg", "dogs.jpg")}


def run_of(folder: Path, name: str, architecture: str, configuration: dict[str, object], scale: int) -> Path:
    torch.manual_seed(0)
    run = folder / name
    run.mkdir()
    (run / f"{name}.safetensors").write_bytes(to_safetensors(build(architecture, configuration, scale)))
    (run / "training.json").write_text(json.dumps(MADE))
    return run


def test_what_loses_is_refused_with_the_figures_and_nothing_is_written(tmp_path: Path) -> None:
    configuration = {"width": 4, "enc_blk_nums": [1], "middle_blk_num": 1, "dec_blk_nums": [1]}
    run = run_of(tmp_path, "blind", "NAFNet", configuration, 1)
    with pytest.raises(PreconditionFailed, match=r"noise 25: -\d+\.\d\d dB to \w+"):
        shipping.ship(run, tmp_path / "out", PICTURES, catalog.classical())
    assert not (tmp_path / "out").exists()


def test_an_architecture_without_a_card_is_refused(tmp_path: Path) -> None:
    run = run_of(tmp_path, "wide", "SAFMN", {"dim": 8, "n_blocks": 1}, 2)
    with pytest.raises(PreconditionFailed, match="no.* card for SAFMN"):
        shipping.ship(run, tmp_path / "out", PICTURES, catalog.classical())


def test_what_wins_is_pinned_with_its_margin_and_card(tmp_path: Path) -> None:
    pinned = read_manifest(catalog.WEIGHTS / "weights.toml")["denoise"]
    run = tmp_path / "again"
    run.mkdir()
    (run / "again.safetensors").write_bytes(pinned.path.read_bytes())
    (run / "training.json").write_text(json.dumps(MADE))
    interpolated = [each for each in catalog.classical() if each.name == "bilateral"]
    found = shipping.ship(run, tmp_path / "out", PICTURES, interpolated)
    assert set(found) == {each.name for each in SPOILT}
    entry = read_manifest(tmp_path / "out" / "weights" / "weights.toml")["again"]
    assert (entry.sha256, entry.parameters["margin"]) == (pinned.sha256, pinned.parameters["margin"])
    write_card(tmp_path / "out", "again")
    assert "dB" in cards.read(tmp_path / "out" / "cards" / entry.card).summary


def test_the_command_says_why_it_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = run_of(tmp_path, "wide", "SAFMN", {"dim": 8, "n_blocks": 1}, 2)
    monkeypatch.setattr(shipping, "load_split", lambda *_: PICTURES)
    monkeypatch.setattr(sys, "argv", ["shipping", str(run), "--output", str(tmp_path / "out"), "--threads", "1"])
    with pytest.raises(SystemExit) as stopped:
        shipping.main()
    assert stopped.value.code == 1
    assert "SAFMN" in capsys.readouterr().err


@pytest.mark.parametrize("layers", [1, 3])
def test_reach_is_one_pixel_for_each_convolution(layers: int) -> None:
    network = nn.Sequential(*(nn.Conv2d(3, 3, 3, padding=1) for _ in range(layers)))
    assert reach(network, 2) == layers


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=30), st.floats(-10, 10))
def test_an_interval_lies_among_the_values_and_moves_with_them(values: list[float], shift: float) -> None:
    low, high = interval(np.array(values))
    assert min(values) - 1e-9 <= low <= high <= max(values) + 1e-9
    assert interval(np.array(values) + shift) == pytest.approx((low + shift, high + shift), abs=1e-6)
