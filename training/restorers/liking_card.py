"""Writes the card of the network that pleases from what `weights.toml` and the corpus manifest record."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from training.card import data_in_short
from training.corpora.manifest import read_manifest
from training.corpora.photographs import MANIFEST

CARD = "upscale_perceptual.md"
_OPENING = """\
---
licence: Apache-2.0
summary: >-
  Enlarges photographs four times so that they look sharp, with a network that went on from the one that regresses
  pixels against a critic and a measure of texture; it invents detail, and says where.
limits: >-
  Detail in its outputs may not have been in the picture: not for anything that is measured, read, or recognised by it.
  Medical and satellite pictures are refused.
profiles: [photo]
---
# Enlargement ×4 that looks sharp

A Compact network (spandrel's class) that started from the shipped ×4 network and learned, by
`python -m training.restorer`, to give outputs the local contrast of photographs and to deceive a critic that tells
patches of them from photographs, on pictures that were reduced, half of them also noisy or compressed. It samples
nothing: the same picture gives the same output.

It is a generative model all the same. Outputs are declared as composites with what a trained algorithm made, their
fidelity report has the spread of its answers beside the risk figures, and `--risk-map` shows where detail is that the
upload does not support.
"""
_LIMITS = """\
## Scope and limits

- For looking at. Do not identify people, read number plates or text, measure or diagnose by its outputs.
- `compact`, the task's default, is nearer the original by every measure of pixels.
- Learned from landscapes, animals, plants, buildings and objects, for minutes on a fraction of one CPU core: expect
  crisp edges and grain rather than textures that a larger network would paint.
"""


def write_card(output: Path, name: str, manifest: Path = MANIFEST) -> None:
    """Writes the card beside the folder's weights. name: of the network, in its weights.toml."""
    table = tomllib.loads((output / "weights" / "weights.toml").read_text(encoding="utf-8"))[name]
    used = [photograph for photograph in read_manifest(manifest) if photograph.split == "train"]
    parts = [_OPENING, _measured(table["measured"]), _LIMITS, _training(table), data_in_short(used)]
    path = output / "cards" / CARD
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(parts), encoding="utf-8")


def _measured(found: Mapping[str, Any]) -> str:
    lines = [
        "## Measured",
        "",
        f"On the middle 256 pixels of {found['pictures']} photographs of the corpus's test split, unseen in training,",
        "reduced four times by bicubic with antialiasing, and under the second condition made JPEGs of quality 75.",
        "The distance is between what CLIP's image tower sees in output and original (class tokens at four depths, 0",
        "for the same); nothing was trained on it. The gain is over the best of the network that regresses pixels, of",
        "that one sharpened by an unsharp mask, and of Lanczos, with the 95% interval of a bootstrap over photographs.",
        "Off is how far the output, reduced again, is from its input: root mean square, 8-bit steps.",
        "",
        "| Condition | Distance | Best of the others | Nearer by | PSNR-Y | Regressed PSNR-Y | Off |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {condition.replace('_', ' ')} | {each['distance']:.4f} | {each['best']}, {each['best_distance']:.4f} "
        f"| {each['gain']:.4f} [{each['gain_low']:.4f}, {each['gain_high']:.4f}] "
        f"| {each['psnr_y']:.2f} dB | {each['regressed_psnr_y']:.2f} dB | {each['off']:.2f} |"
        for condition, each in found.items()
        if isinstance(each, Mapping)
    ]
    return "\n".join([*lines, ""])


def _training(table: Mapping[str, Any]) -> str:
    made = table["training"]
    return "\n".join(
        [
            "## Training",
            "",
            f"`{table['file']}`, sha256 `{table['sha256']}`:",
            f"{made['steps']:,} steps in {made['seconds'] / 60:.0f} minutes of a shared CPU core, recipe",
            f"`training/recipes/restoration/{made['recipe']}` (`{made['recipe_digest']}`),",
            f"{made['photographs']} photographs of `training/corpora/{made['corpus']}` (`{made['corpus_digest']}`).",
            "",
        ]
    )
