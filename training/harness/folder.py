"""A model that no library saves for us, as a folder: one file of weights, what builds it, and how it came to be.

The folder is pinned file by file in the `weights.toml` beside it, as `core.weight_folder` reads it.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from torch import nn

from core.errors import LimitExceeded
from core.weight_folder import files_of
from training.export import LICENCE, MAX_BYTES, pin, to_safetensors
from training.harness.export import MADE, Sources

WEIGHTS = "model.safetensors"
CONFIG = "config.json"


def save_folder(
    folder: Path,
    network: nn.Module,
    config: Mapping[str, Any],
    sources: Sources,
    measured: Mapping[str, float],
    more: Callable[[Path], object] = lambda _: None,
) -> None:
    """Writes a network in half precision into `folder`, in place of what was there, with `training.json`.

    config: what whoever loads it builds it from. more: writes what else belongs there, such as a tokenizer.
    Raises LimitExceeded for weights above 16 MiB.
    """
    data = to_safetensors(network)
    if len(data) > MAX_BYTES:
        raise LimitExceeded(
            f"{folder.name} is too large to ship", field="file", limit=str(MAX_BYTES), found=str(len(data))
        )
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    (partial / WEIGHTS).write_bytes(data)
    more(partial)
    made = {"training": asdict(sources), "measured": dict(measured)}
    for name, content in ((CONFIG, config), (MADE, made)):
        (partial / name).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)


def pin_folder(name: str, folder: Path, **facts: Any) -> None:
    """Pins every file of a folder in the `weights.toml` beside it. facts: such as the card and the parameters."""
    files = {each: hashlib.sha256(path.read_bytes()).hexdigest() for each, path in files_of(folder).items()}
    entry = {"folder": folder.name, "licence": LICENCE, **facts, "files": files}
    pin(folder.parent / "weights.toml", name, entry)
