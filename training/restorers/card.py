"""Writes the cards of learned restorers from what `weights.toml` and the corpus manifest record.

Every figure comes from those files; only the words on scope and limits are fixed here.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from training.card import data_of, photographers
from training.corpora.manifest import Photograph, read_manifest
from training.corpora.photographs import MANIFEST
from training.restorers.words import NAFNETS, Words

CARDS = {
    "NAFNet": "denoise_nafnet.md",
    "NAFNet told": "denoise_nafnet_sigma.md",
    "NAFNet deblur": "deblur_nafnet.md",
}
"""Of each architecture that may ship, its card; of one that also does other things than its first, by what it does."""
BLIND = "blind"
"""Among the figures of a network that is told σ: those beside the network that is not."""


_WORDS = {
    **NAFNETS,
    "denoise_nafnet.md": Words(
        title="Denoising and JPEG repair with NAFNet",
        summary=(
            "Removes noise and the traces of JPEG from photographs with a small network that finds out by itself how "
            "strong they are; on photographs it was not trained on it is {gains} nearer the original than the best "
            "classical method."
        ),
        limits=(
            "Learned from synthetic noise and from JPEG of one encoder: real noise of cameras, blotches, stripes and "
            "other codecs it never saw; smooths fine texture."
        ),
        opening=(
            'A U-shaped stack of gated convolutions (L. Chen et al., "Simple Baselines for Image Restoration", ECCV\n'
            "2022), in spandrel's class, made from this repository and the data by `python -m training.restorer`.\n"
            "The mean over the whole picture that NAFNet's gates look at was left out, so that a picture worked on in\n"
            "tiles is the picture worked on as a whole. It regresses pixels and samples nothing. There are no settings."
        ),
        scope=(
            "- Noise was Gaussian of σ up to 55, independent from pixel to pixel; JPEG was libjpeg's, quality 8 to 95\n"
            "  with colour at half the resolution, alone or after light noise. Expect less of anything else.\n"
            "- It is for photographs alone. `nlm`, which may be told σ, is there for measured values.\n"
            "- It does not undo blur, and it brings back no detail that noise or compression took.\n"
            "- No portraits, text, line art or screens were in the corpus: the figures say nothing about those."
        ),
        beside="The classical methods were told σ; the best of them",
        profiles="profiles: [photo]\n",
    ),
}


def write_card(output: Path, name: str, manifest: Path = MANIFEST) -> None:
    """Writes the card that the model `name` of the folder's weights.toml has, for all models that share it."""
    tables = tomllib.loads((output / "weights" / "weights.toml").read_text(encoding="utf-8"))
    card = str(tables[name]["card"])
    shared = {key: table for key, table in tables.items() if table.get("card") == card}
    path = output / "cards" / card
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render(card, shared, read_manifest(manifest)), encoding="utf-8")


def render(card: str, tables: Mapping[str, Mapping[str, Any]], photographs: Iterable[Photograph]) -> str:
    """The card in Markdown, opening with the YAML lines that `generators.cards` reads."""
    words = _WORDS[card]
    used = [photograph for photograph in photographs if photograph.split == "train"]
    parts = [
        "---\nlicence: Apache-2.0",
        f"summary: >-\n  {words.summary.format(gains=_gains(tables))}",
        f"limits: >-\n  {words.limits}\n{words.profiles}---",
        f"# {words.title}\n\n{words.opening}\n",
        _measured(tables, words.beside),
        f"## Scope and limits\n\n{words.scope}\n",
        _training(tables),
        data_of(used),
        photographers(used),
    ]
    return "\n".join(part for part in parts if part)


def _conditions(table: Mapping[str, Any], key: str) -> dict[str, Mapping[str, Any]]:
    found = table.get(key, {})
    return {name.replace("_", " "): each for name, each in found.items() if isinstance(each, Mapping)}


def _gains(tables: Mapping[str, Mapping[str, Any]]) -> str:
    every = [
        f"{each['gain']:.2f} dB ({condition.replace('x', '×')})"
        for table in tables.values()
        for condition, each in _conditions(table, "measured").items()
        if each["gain_low"] > 0
    ]
    return ", ".join(every[:-1]) + " and " + every[-1] if len(every) > 1 else every[0]


def _measured(tables: Mapping[str, Mapping[str, Any]], beside: str) -> str:
    lines = [
        "## Measured",
        "",
        "On the middle 256 pixels of the photographs of the corpus's test split, which no training step saw, spoiled",
        f"as [Enhancement](../../docs/enhancement.md) says and compared on luma (BT.601). {beside}",
        "stands beside the network. The gain is over it, with the 95% interval of a bootstrap over pictures. The",
        "weights were loaded and run as in serving.",
        "",
        "| Model | Condition | Pictures | PSNR-Y | SSIM-Y | Best of the others | Gain |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, table in tables.items():
        pictures = table["measured"]["pictures"]
        lines += [
            f"| `{name}` | {condition} | {pictures} | {each['psnr_y']:.2f} dB | {each['ssim_y']:.4f} "
            f"| `{each['best']}`, {each['best_psnr_y']:.2f} dB | {_with_interval(each)} |"
            for condition, each in _conditions(table, "measured").items()
        ]
    return "\n".join([*lines, "", *_beside_blind(tables)])


def _beside_blind(tables: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Lines; none where nothing was measured beside a network that is told nothing."""
    rows = [
        f"| `{name}` | {condition} | {each[BLIND]['best_psnr_y']:.2f} dB | {_with_interval(each[BLIND])} |"
        for name, table in tables.items()
        for condition, each in _conditions(table, "measured").items()
        if BLIND in each
    ]
    if not rows:
        return []
    said = "Beside `nafnet`, which finds out by itself how strong the noise is; it need not be better to ship:"
    return [said, "", "| Model | Condition | `nafnet` | Gain |", "|---|---|---|---|", *rows, ""]


def _with_interval(each: Mapping[str, Any]) -> str:
    return f"{each['gain']:+.2f} dB [{each['gain_low']:+.2f}, {each['gain_high']:+.2f}]"


def _training(tables: Mapping[str, Mapping[str, Any]]) -> str:
    lines = ["## Training", ""]
    for name, table in tables.items():
        made = table["training"]
        lines.append(
            f"- `{name}` (`{table['file']}`, sha256 `{table['sha256']}`): {made['steps']:,} steps in "
            f"{made['seconds'] / 60:.0f} minutes of a shared CPU core, recipe "
            f"`training/recipes/restoration/{made['recipe']}` (`{made['recipe_digest']}`), {made['photographs']} "
            f"photographs of `training/corpora/{made['corpus']}` (`{made['corpus_digest']}`)."
        )
    return "\n".join([*lines, ""])
