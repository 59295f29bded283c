"""An exported network is the trained one, pinned, served by the serving code, and described by its card."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from core.weights import read_manifest
from generators import cards, restoration
from training import evaluate
from training.card import write_card
from training.corpora.photographs import MANIFEST
from training.evaluate import Row
from training.export import CARD, Training, export, pin
from training.measure import to_picture, to_tensor
from training.metrics import Picture
from training.networks import build_compact
from training.restorers.compact import Network

TRAINING = Training("tiny.yaml", "sha256:aa", MANIFEST.name, "sha256:bb", photographs=6, steps=1, seconds=2)


@pytest.fixture
def network() -> torch.nn.Module:
    torch.manual_seed(1)
    made: torch.nn.Module = build_compact(Network(features=27, blocks=2), 2)
    return made.eval()


def exported(network: torch.nn.Module, pictures: dict[str, Picture], folder: Path) -> tuple[Row, ...]:
    return export("tiny_x2", network, TRAINING, pictures, folder)


def test_the_file_reproduces_the_network_within_half_precision(
    network: torch.nn.Module, pictures: dict[str, Picture], tmp_path: Path
) -> None:
    exported(network, pictures, tmp_path)
    pinned = read_manifest(tmp_path / "weights.toml")["tiny_x2"]
    restorer = restoration.load(pinned, device="cpu")
    picture = pictures["picture-0"]
    with torch.no_grad():
        wanted = to_picture(network(to_tensor(picture)))
    difference = np.abs(restorer(picture).astype(np.int16) - wanted.astype(np.int16))
    assert restorer.scale == 2
    assert difference.max() <= 1  # half precision moves a value by less than one of 255 steps


def test_a_new_network_measures_like_bicubic(
    network: torch.nn.Module, pictures: dict[str, Picture], tmp_path: Path
) -> None:
    bicubic, model = exported(network, pictures, tmp_path)
    assert (bicubic.model, model.model, model.pictures) == ("bicubic", "tiny_x2", len(pictures))
    assert model.psnr_y == pytest.approx(bicubic.psnr_y, abs=1.0)


def test_pinning_one_model_keeps_the_others(tmp_path: Path) -> None:
    manifest = tmp_path / "weights.toml"
    entry = {"file": "a.safetensors", "sha256": "0" * 64, "architecture": 'Com"pact\\', "parameters": {"scale": 2}}
    pin(manifest, "b", entry)
    pin(manifest, "a", entry | {"file": "old.safetensors"})
    pin(manifest, "a", entry)
    found = read_manifest(manifest)
    assert list(found) == ["a", "b"]
    assert found["a"].path.name == "a.safetensors"
    assert found["a"].architecture == 'Com"pact\\'
    assert found["a"].parameters == {"scale": 2}


def test_the_card_tells_data_licences_digests_and_figures(
    network: torch.nn.Module, pictures: dict[str, Picture], tmp_path: Path
) -> None:
    _, model = exported(network, pictures, tmp_path)
    write_card(tmp_path, tmp_path / CARD)
    card = cards.read(tmp_path / CARD)
    assert card.licence == "Apache-2.0"
    digest = read_manifest(tmp_path / "weights.toml")["tiny_x2"].sha256
    for told in (digest, "sha256:aa", "CC-BY-SA-4.0", "Aitzol Berasategi", f"{model.psnr_y:.2f} dB"):
        assert told in card.markdown


def test_networks_of_another_manifest_can_be_measured(
    network: torch.nn.Module,
    pictures: dict[str, Picture],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    exported(network, pictures, tmp_path / "weights")
    (tmp_path / "hr").mkdir()
    Image.fromarray(pictures["picture-0"]).save(tmp_path / "hr" / "one.png")
    arguments = ["restoration", "--hr", str(tmp_path / "hr"), "--weights", str(tmp_path / "weights" / "weights.toml")]
    monkeypatch.setattr(sys, "argv", ["evaluate", *arguments, "--json"])
    evaluate.main()
    rows = json.loads(capsys.readouterr().out)["models"]
    found = [(row["model"], row["condition"], row["pictures"]) for row in rows]
    assert found[:3] == [("tiny_x2", "x2", 1), ("bicubic", "x2", 1), ("lanczos", "x2", 1)]
