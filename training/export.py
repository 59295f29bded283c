"""Turns a trained network into a shipped weight: a safetensors file in half precision and its entry in `weights.toml`.

The entry pins the file's digest and keeps what the model card is written from: recipe, corpus, length of the run, and
what was measured. The measuring loads the file as serving does, so a file that cannot be served is never pinned.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import nn

from core.errors import LimitExceeded
from core.weights import PinnedWeights
from training.evaluate import Row, evaluate
from training.metrics import Picture

LICENCE = "Apache-2.0"
CARD = "upscale.md"
MAX_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Training:
    """How a weight came to be. Digests are of files and start with `sha256:`; seconds are wall-clock."""

    recipe: str
    recipe_digest: str
    corpus: str
    corpus_digest: str
    photographs: int
    steps: int
    seconds: int


def export(
    name: str, network: nn.Module, training: Training, originals: Mapping[str, Picture], folder: Path
) -> tuple[Row, ...]:
    """Writes `<name>.safetensors` into `folder`, measures it, pins it in `weights.toml`; returns bicubic and model.

    originals: photographs not trained on. Raises LimitExceeded for a file above 16 MiB.
    """
    data = to_safetensors(network)
    if len(data) > MAX_BYTES:
        raise LimitExceeded(f"{name} is too large to ship", field="file", limit=str(MAX_BYTES), found=str(len(data)))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.safetensors"
    _replace(path, data)
    digest = hashlib.sha256(data).hexdigest()
    bicubic, model = evaluate([PinnedWeights(name, path, digest, architecture="Compact")], originals)
    entry = {
        "file": path.name,
        "sha256": digest,
        "architecture": "Compact",
        "card": CARD,
        "licence": LICENCE,
        "parameters": {"scale": model.scale},
        "training": asdict(training),
        "measured": {
            "pictures": model.pictures,
            "psnr_y": round(model.psnr_y, 3),
            "ssim_y": round(model.ssim_y, 4),
            "bicubic_psnr_y": round(bicubic.psnr_y, 3),
            "bicubic_ssim_y": round(bicubic.ssim_y, 4),
        },
    }
    pin(folder / "weights.toml", name, entry)
    return bicubic, model


def to_safetensors(network: nn.Module) -> bytes:
    """The network's tensors in half precision, as the bytes of a safetensors file."""
    tensors = {key: value.detach().to(torch.float16).contiguous() for key, value in network.state_dict().items()}
    return save(tensors)


def pin(manifest: Path, name: str, entry: Mapping[str, Any]) -> None:
    """Adds or replaces one model's tables in `weights.toml`, keeping the others, in order of name."""
    tables = tomllib.loads(manifest.read_text(encoding="utf-8")) if manifest.is_file() else {}
    tables[name] = dict(entry)
    text = "\n\n".join(_table(key, tables[key]) for key in sorted(tables))
    _replace(manifest, (text + "\n").encode())


def _table(name: str, values: Mapping[str, Any]) -> str:
    lines = [f"[{name}]"]
    lines += [f"{_key(key)} = {_value(value)}" for key, value in values.items() if not isinstance(value, Mapping)]
    inner = [_table(f"{name}.{key}", value) for key, value in values.items() if isinstance(value, Mapping)]
    return "\n\n".join(["\n".join(lines), *inner])


def _key(key: str) -> str:
    """As TOML wants it: a file's path is no bare key."""
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else f'"{key}"'


def _value(value: str | float) -> str:
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return repr(value)


def _replace(path: Path, data: bytes) -> None:
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(data)
    partial.replace(path)
