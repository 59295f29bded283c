"""`countersign models convert`: tensors come out of a pickle, and nothing else does."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import torch
from torch import nn

from generators.own.weights import load
from server.own_models import OwnModel
from tests.generators.networks import compact, grey_denoiser
from tests.generators.pictures import make, media, noise
from tests.server.test_cli import Command, command

__all__ = ["command"]


def pickled(path: Path, value: object) -> Path:
    torch.save(value, path)
    return path


def test_what_was_converted_runs_by_the_lines_that_were_printed(command: Command, tmp_path: Path) -> None:
    wrapped = {"params_ema": compact(2).state_dict(), "iter": 7}
    file, out = pickled(tmp_path / "4x Nice-Net.pth", wrapped), tmp_path / "Nice net.safetensors"
    result = command("models", "convert", file, "-o", out, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    told = json.loads(result.stdout)
    assert (told["architecture"], told["scale"], told["tensors"], told["left_out"]) == ("RealESRGAN Compact", 2, 8, 0)
    (table,) = tomllib.loads(told["configuration"])["server"]["models"]
    assert table["name"] == "nice_net"
    assert command("models", "digest", out).stdout.strip() == told["sha256"] == table["sha256"]
    model = load(OwnModel.model_validate(table | {"licence": "MIT"}).on("cpu"), 10_000)  # type: ignore[arg-type]
    assert make(model, media(noise(8, 9)))[0].frame.pixels.shape == (16, 18, 3)


def test_a_network_that_does_not_enlarge_is_asked_what_it_does(command: Command, tmp_path: Path) -> None:
    file = pickled(tmp_path / "grey.pth", grey_denoiser().state_dict())
    result = command("models", "convert", file, "-o", tmp_path / "grey.safetensors")
    assert result.exit_code == 0
    assert 'kind = "spandrel"' in result.stdout
    assert 'task = ""' in result.stdout


def test_what_is_no_network_leaves_nothing(command: Command, tmp_path: Path) -> None:
    file = pickled(tmp_path / "in.pth", nn.Linear(2, 2).state_dict())
    result = command("models", "convert", file, "-o", tmp_path / "out.safetensors", "--json")
    assert result.exit_code == 2
    assert "no architecture" in json.loads(result.stdout)["error"]["message"]
    assert [path.name for path in tmp_path.iterdir()] == ["in.pth"]


def test_unfit_files_are_refused_before_any_work(command: Command, tmp_path: Path) -> None:
    file, out = pickled(tmp_path / "in.pth", compact(2).state_dict()), tmp_path / "out.safetensors"
    assert "is the input itself" in command("models", "convert", file, "-o", file, "--force").stderr
    assert "does not exist" in command("models", "convert", tmp_path / "no.pth", "-o", out).stderr
    out.write_bytes(b"precious")
    assert "--force replaces it" in command("models", "convert", file, "-o", out).stderr
    assert out.read_bytes() == b"precious"
