"""What a classical method beats does not ship, and nothing of it is written."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from core.errors import PreconditionFailed
from core.media import Frame
from core.weights import read_manifest
from generators import cards, catalog
from generators.base import MEDICAL, SOURCE, IsCancelled, Job, Output, Progress
from tests.generators.pictures import photo
from training.evaluation.restoring.conditions import DEBLUR, DENOISE
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
PICTURES = {name: np.array(photo(name, 96, 96)) for name in ("fig.jpg", "crab.jpg", "dogs.jpg")}


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


def test_an_architecture_without_a_card_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shipping, "refuse_beaten", lambda *_: None)
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


TINY = {"width": 4, "enc_blk_nums": [1], "middle_blk_num": 1, "dec_blk_nums": [1]}


def test_a_network_that_is_told_noise_is_measured_by_noise_alone(tmp_path: Path) -> None:
    run = run_of(tmp_path, "told", "NAFNet", {**TINY, "img_channel": 4}, 1)
    with pytest.raises(PreconditionFailed, match=r"noise 25: -\d+\.\d\d dB") as refused:
        shipping.ship(run, tmp_path / "out", PICTURES, catalog.classical())
    assert "jpeg" not in str(refused.value)
    ended = shipping.read_run(run)
    assert ended.network.told
    assert ended.margin % shipping.GRID == 0 < ended.margin


def test_a_deblurrer_is_measured_by_blur_beside_what_sharpens(tmp_path: Path) -> None:
    run = run_of(tmp_path, "deblur", "NAFNet", TINY, 1)
    with pytest.raises(PreconditionFailed, match=r"disc 3: -\d+\.\d\d dB to \w+; motion 9: "):
        shipping.ship(run, tmp_path / "out", PICTURES, catalog.classical(), DEBLUR)


def still(folder: Path, name: str, channels: int) -> Path:
    """A run whose network gives every picture back as it is."""
    run = folder / name
    run.mkdir()
    network = build("NAFNet", {**TINY, "img_channel": channels}, 1)
    with torch.no_grad():
        network.ending.weight.zero_()  # type: ignore[union-attr,operator]
        network.ending.bias.zero_()  # type: ignore[union-attr,operator]
    (run / f"{name}.safetensors").write_bytes(to_safetensors(network))
    (run / "training.json").write_text(json.dumps(MADE))
    return run


class Worse:
    """Stands for a classical method that makes every picture worse."""

    def __init__(self, task: str) -> None:
        self.name, self.task, self.version = "worse", task, ""
        self.parameters, self.inputs = (), frozenset({SOURCE})

    def generate(self, batch: Sequence[Job], progress: Progress, cancelled: IsCancelled) -> list[Output]:
        frames = [job.source.frames()[0] for job in batch if job.source is not None]
        return [Output(b"", "", Frame((each.pixels // 2).astype(np.uint8))) for each in frames]


@pytest.mark.parametrize(
    ("name", "channels", "task", "words"),
    [
        ("denoise_sigma", 4, DENOISE, ("Beside `nafnet`", "NAFNet that is told", "noise 15")),
        ("deblur", 3, DEBLUR, ("Deblurring with NAFNet", "profiles: [photo]", "motion 9")),
    ],
)
def test_each_has_the_card_of_what_it_does(
    tmp_path: Path, name: str, channels: int, task: str, words: tuple[str, ...]
) -> None:
    run, worse = still(tmp_path, name, channels), Worse(task)
    found = shipping.ship(run, tmp_path / "out", PICTURES, [worse], task, worse)  # type: ignore[list-item,arg-type]
    assert all(each.best == "worse" for each in found.values())
    write_card(tmp_path / "out", name)
    entry = read_manifest(tmp_path / "out" / "weights" / "weights.toml")[name]
    card = cards.read(tmp_path / "out" / "cards" / entry.card)
    text = (tmp_path / "out" / "cards" / entry.card).read_text(encoding="utf-8")
    assert all(each in text for each in words)
    assert MEDICAL not in card.profiles


def test_the_command_says_why_it_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = run_of(tmp_path, "wide", "SAFMN", {"dim": 8, "n_blocks": 1}, 2)
    monkeypatch.setattr(shipping, "load_split", lambda *_: PICTURES)
    monkeypatch.setattr(sys, "argv", ["shipping", str(run), "--output", str(tmp_path / "out"), "--threads", "1"])
    with pytest.raises(SystemExit) as stopped:
        shipping.main()
    assert stopped.value.code == 1
    # An enlarger is held against the one that ships, too.
    assert "dB to compact" in capsys.readouterr().err


@pytest.mark.parametrize("layers", [1, 3])
def test_reach_is_one_pixel_for_each_convolution(layers: int) -> None:
    network = nn.Sequential(*(nn.Conv2d(3, 3, 3, padding=1) for _ in range(layers)))
    assert reach(network, 2) == layers


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=30), st.floats(-10, 10))
def test_an_interval_lies_among_the_values_and_moves_with_them(values: list[float], shift: float) -> None:
    low, high = interval(np.array(values))
    assert min(values) - 1e-9 <= low <= high <= max(values) + 1e-9
    assert interval(np.array(values) + shift) == pytest.approx((low + shift, high + shift), abs=1e-6)
