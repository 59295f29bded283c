"""Turns a trained marker into the weights that embedder and reader share, and pins them.

One safetensors file in half precision: the mask and the extractor by their modules' names, and `amplitudes` and
`beliefs`, one number a wave. What is measured later is added to the entry by `training.evaluation.watermark`.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors.torch import save

from core.watermark.weights import NAME
from training.export import LICENCE, Training, pin
from training.watermarking.marker import Marker
from training.watermarking.recipe import MarkRecipe

CARD = "watermark.md"
_UNMEASURED = 0.5  # as a rate of false positives: nothing is claimed


def export(recipe: MarkRecipe, network: Marker, training: Training, folder: Path) -> Path:
    """Writes `watermark.safetensors` into `folder` and its entry into `weights.toml`; returns the file's path."""
    data = to_safetensors(network)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{NAME}.safetensors"
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(data)
    partial.replace(path)
    entry = {
        "file": path.name,
        "sha256": hashlib.sha256(data).hexdigest(),
        "architecture": "Masking + Extractor",
        "card": CARD,
        "licence": LICENCE,
        "parameters": {
            "mask_features": recipe.mask_features,
            "features": recipe.features,
            "threshold": recipe.threshold,
            "false_positives": _UNMEASURED,
        },
        "training": asdict(training),
    }
    pin(folder / "weights.toml", NAME, entry)
    return path


def to_safetensors(network: Marker) -> bytes:
    """The bytes of the file."""
    parts = ("masking.", "extractor.")
    tensors = {name: value for name, value in network.state_dict().items() if name.startswith(parts)}
    tensors |= {"amplitudes": network.amplitudes(), "beliefs": network.beliefs()}
    return save({name: value.detach().to(torch.float16).contiguous() for name, value in tensors.items()})
