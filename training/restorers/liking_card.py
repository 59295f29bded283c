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
  Enlarges photographs four times so that they look sharp, noisy and compressed ones too, with a network that learned
  against a critic: it invents detail that the picture does not support.
limits: >-
  Detail in its outputs may not have been in the picture: not for anything that is measured, read or recognised by it.
  Medical and satellite pictures are refused.
profiles: [photo]
---
# Enlargement ×4 that looks sharp

A Compact network (spandrel's class: a plain stack of convolutions and one pixel shuffle) that started as the shipped
×4 network, made wider and deeper without changing what it does (T. Chen et al., ICLR 2016). `python -m
training.restorer` then taught it in two phases: to regress pixels, and to look like photographs, against a critic that
tells patches of its outputs from the photographs that they were made from, by what that critic's layers see, and by
local contrast. Seven of ten patches were worn out in two rounds of blur, resizing, noise and JPEG (X. Wang et al.,
"Real-ESRGAN", ICCVW 2021), the rest only reduced. No network that learned from other pictures had a part in it. It
samples nothing: the same picture gives the same output. There is no setting but the factor, which is 4.

It is a generative model all the same. Outputs are declared `compositeWithTrainedAlgorithmicMedia`, their fidelity
report has the spread of its answers (`risk_spread`) beside the other figures of risk, and `--risk-map` shows where
detail is that the upload does not support.
"""
_LIMITS = """\
## Scope and limits

- For looking at. Do not identify people, read number plates or text, measure or diagnose by its outputs.
- `compact`, the task's default, is nearer the original pixel by pixel wherever a picture is clean.
- It is for photographs alone, and refused by name for DICOM files and for scenes with a georeference.
- Learned from landscapes, animals, plants, buildings and objects, for minutes of one CPU core: expect crisp edges and
  some texture, not what a large network would paint. No portraits, text, line art or screens were in the corpus.
- Worn pictures were made so by a program: blotches, stripes, moving cameras and other codecs it never saw.
- CLIP's tower is no human. That it sees output and original as alike is all that the figures say.
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
        f"On the middle 256 pixels of {found['pictures']} photographs of the corpus's test split, unseen in training:",
        "reduced four times by bicubic with antialiasing (clean); then made JPEGs of quality 75; or blurred before by",
        "σ 2, and with noise of σ 6 and as JPEGs of quality 70 after (worn). The distance is between what CLIP's image",
        "tower sees in output and original (class tokens at four depths, 0 for the same); nothing was trained on it.",
        "The gain is over the best of the others, with the 95% interval of a bootstrap over photographs. The others:",
        "the network that regresses pixels, alone or behind the denoiser `nafnet`, each as it is and sharpened by",
        "either of two unsharp masks, and Lanczos. Off is how far the output, reduced again, is from the original,",
        "reduced: root mean square, 8-bit steps, and how much it may be for this network to ship.",
        "",
        "| Condition | Distance | Best of the others | Nearer by | PSNR-Y | Regressed PSNR-Y | Off | At most |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {condition.replace('_', ' ')} | {each['distance']:.4f} | {each['best']}, {each['best_distance']:.4f} "
        f"| {each['gain']:.4f} [{each['gain_low']:.4f}, {each['gain_high']:.4f}] "
        f"| {each['psnr_y']:.2f} dB | {each['regressed_psnr_y']:.2f} dB | {each['off']:.2f} "
        f"| {each['most_off']:.2f} |"
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
            f"{made['steps']:,} steps in {made['seconds'] / 60:.0f} minutes of a CPU core, recipe",
            f"`training/recipes/restoration/{made['recipe']}` (`{made['recipe_digest']}`),",
            f"{made['photographs']} photographs of `training/corpora/{made['corpus']}` (`{made['corpus_digest']}`).",
            "",
        ]
    )
