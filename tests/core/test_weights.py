"""Weights are read only as safetensors, and only once their digest was found right."""

from __future__ import annotations

import hashlib
import io
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save, save_file

from core.errors import ConfigurationError, IntegrityError, PreconditionFailed
from core.weights import PinnedWeights, load_pinned, read_manifest

TENSORS = {"weight": torch.arange(6, dtype=torch.float32).reshape(2, 3), "bias": torch.zeros(2, dtype=torch.float16)}
DIGEST = "0" * 64


def _write(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    return hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("prefix", ["", "sha256:"])
def test_tensors_come_back(tmp_path: Path, prefix: str) -> None:
    path = tmp_path / "w.safetensors"
    save_file(TENSORS, path)
    loaded = load_pinned(path, prefix + hashlib.sha256(path.read_bytes()).hexdigest())
    assert loaded.keys() == TENSORS.keys()
    assert all(torch.equal(loaded[name], tensor) for name, tensor in TENSORS.items())


def test_one_changed_bit(tmp_path: Path) -> None:
    data = bytearray(save(TENSORS))
    digest = hashlib.sha256(data).hexdigest()
    data[-1] ^= 1
    path = tmp_path / "w.safetensors"
    _write(path, bytes(data))
    with pytest.raises(IntegrityError, match=digest):
        load_pinned(path, digest)


@pytest.mark.parametrize("suffix", [".pt", ".pth", ".ckpt", ".bin", ".pkl", ".pickle", ".PTH"])
def test_formats_that_carry_code_are_refused_by_name(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"w{suffix}"
    digest = _write(path, save(TENSORS))
    with pytest.raises(ConfigurationError, match="convert them to safetensors"):
        load_pinned(path, digest)


def test_formats_that_carry_code_are_refused_by_content(tmp_path: Path) -> None:
    saved = io.BytesIO()
    torch.save(TENSORS, saved)
    for number, data in enumerate([saved.getvalue(), pickle.dumps(TENSORS), pickle.dumps({}, 2), b"\x1f\x8b\x08"]):
        path = tmp_path / f"w{number}.safetensors"
        digest = _write(path, data)
        with pytest.raises(ConfigurationError, match="can run code"):
            load_pinned(path, digest)


@pytest.mark.parametrize("data", [b"", b"nonsense", b"\xff" * 100, save(TENSORS)[:-1]])
def test_what_is_no_safetensors(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "w.safetensors"
    with pytest.raises(IntegrityError, match="not a safetensors file"):
        load_pinned(path, _write(path, data))


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(PreconditionFailed, match="cannot be read") as failure:
        load_pinned(tmp_path / "w.safetensors", DIGEST)
    assert str(tmp_path) not in str(failure.value)


MANIFEST = """
[upscale_x4]
file = "w.safetensors"
sha256 = "{digest}"
architecture = "SAFMN"
card = "upscale.md"
licence = "Apache-2.0"

[upscale_x4.parameters]
scale = 4

[upscale_x4.measured]
psnr = 30.1

[small]
file = "small.safetensors"
sha256 = "{digest}"
architecture = "Compact"
"""


def test_a_manifest(tmp_path: Path) -> None:
    digest = _write(tmp_path / "w.safetensors", save(TENSORS))
    (tmp_path / "weights.toml").write_text(MANIFEST.format(digest=digest.upper()))
    models = read_manifest(tmp_path / "weights.toml")
    assert list(models) == ["upscale_x4", "small"]
    assert models["upscale_x4"] == PinnedWeights(
        name="upscale_x4",
        path=tmp_path / "w.safetensors",
        sha256=digest,
        architecture="SAFMN",
        card="upscale.md",
        licence="Apache-2.0",
        parameters={"scale": 4},
    )
    assert models["upscale_x4"].load().keys() == TENSORS.keys()
    assert (models["small"].card, models["small"].parameters) == ("", {})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[a", "cannot read"),
        ("a = 1", "not a table"),
        (f'[a]\nsha256 = "{DIGEST}"\narchitecture = "A"', "lacks file"),
        ('[a]\nfile = "w"\narchitecture = "A"', "lacks sha256"),
        (f'[a]\nfile = "w"\nsha256 = "{DIGEST}"', "lacks architecture"),
        ('[a]\nfile = "w"\nsha256 = "abc"\narchitecture = "A"', "64 hexadecimal"),
        (f'[a]\nfile = "../w"\nsha256 = "{DIGEST}"\narchitecture = "A"', "beside the manifest"),
        (f'[a]\nfile = "/w"\nsha256 = "{DIGEST}"\narchitecture = "A"', "beside the manifest"),
    ],
)
def test_a_manifest_that_pins_nothing(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "weights.toml").write_text(text)
    with pytest.raises(ConfigurationError, match=why):
        read_manifest(tmp_path / "weights.toml")


def test_no_manifest(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"weights\.toml"):
        read_manifest(tmp_path / "weights.toml")


def test_core_is_light_until_weights_are_loaded() -> None:
    script = "import sys, core.weights, core.sandbox, core.encoding; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
