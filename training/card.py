"""Writes the upscalers' model card from what `weights.toml` and the corpus manifest record.

    python -m training.card [--weights DIR] [--cards DIR]

Every figure in the card comes from those files; only the words on scope and limits are fixed here.
"""

from __future__ import annotations

import argparse
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from training.corpora.manifest import Photograph, read_manifest
from training.corpora.photographs import MANIFEST

_HEADER = """\
---
licence: Apache-2.0
summary: >-
  Enlarges photographs two or four times with a small convolutional network trained on pixel differences; on
  photographs it was not trained on it is {gains} nearer the original than bicubic enlargement.
limits: >-
  Recovers edges and texture that survive reduction; does not invent faces or letters, and does not remove noise,
  compression or blur.
---
# Upscaling ×2 and ×4

Two networks of one design (Compact, also known as SRVGGNet: a plain stack of convolutions and one pixel shuffle),
made from this repository and the data below by `python -m training.restoration`. The ×4 network started from the ×2
one. Both are deterministic and regress pixels; they sample nothing.
"""

_SCOPE = """\
## Scope and limits

- Meant for photographs that were reduced cleanly. On noisy, blurred or strongly compressed pictures it enlarges the
  defects too: denoise first.
- Trained on landscapes, animals, plants, buildings and objects. There are no portraits in the corpus, and no text, line
  art, medical or satellite imagery: figures above say nothing about those.
- It does not add information. Do not use an enlarged picture to identify people, read number plates, or diagnose.
- Of medical pictures (DICOM) the mean over every pixel of the source is held to what was measured. Nothing was
  validated clinically, and the output says that it is not for diagnosis.
- The corpus is small and of web quality, so the networks stay below published ones that learned from large sets of
  uncompressed photographs.
"""


def render(tables: Mapping[str, Mapping[str, Any]], photographs: Iterable[Photograph]) -> str:
    """The card in Markdown, opening with the YAML lines that `generators.cards` reads.

    tables: the upscalers' tables of `weights.toml`, by name.
    """
    used = [photograph for photograph in photographs if photograph.split == "train"]
    gains = " and ".join(
        f"{table['measured']['psnr_y'] - table['measured']['bicubic_psnr_y']:.2f} dB (×{table['parameters']['scale']})"
        for table in tables.values()
    )
    return "\n".join(
        [_HEADER.format(gains=gains), _measured(tables), _SCOPE, _training(tables), data_of(used), photographers(used)]
    )


def _measured(tables: Mapping[str, Mapping[str, Any]]) -> str:
    lines = [
        "## Measured",
        "",
        "On photographs of the corpus's test split, which no training step saw: reduced by bicubic with antialiasing,",
        "enlarged again, compared on luma (BT.601) without a border of as many pixels as the factor. Means over",
        "pictures; the weights were loaded and run as in serving.",
        "",
        "| Model | Pictures | PSNR-Y | SSIM-Y | Bicubic PSNR-Y | Bicubic SSIM-Y | Gain |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, table in tables.items():
        found = table["measured"]
        lines.append(
            f"| `{name}` | {found['pictures']} | {found['psnr_y']:.2f} dB | {found['ssim_y']:.4f} "
            f"| {found['bicubic_psnr_y']:.2f} dB | {found['bicubic_ssim_y']:.4f} "
            f"| {found['psnr_y'] - found['bicubic_psnr_y']:+.2f} dB |"
        )
    return "\n".join([*lines, ""])


def _training(tables: Mapping[str, Mapping[str, Any]]) -> str:
    lines = ["## Training", ""]
    for name, table in tables.items():
        made = table["training"]
        lines += [
            f"- `{name}` (`{table['file']}`, sha256 `{table['sha256']}`): {made['steps']:,} steps in "
            f"{made['seconds'] / 60:.0f} minutes of a shared CPU, recipe `training/recipes/{made['recipe']}` "
            f"(`{made['recipe_digest']}`), {made['photographs']} photographs of `training/corpora/{made['corpus']}` "
            f"(`{made['corpus_digest']}`).",
        ]
    return "\n".join([*lines, ""])


def data_of(photographs: list[Photograph]) -> str:
    """What a model learned from, by package and licence."""
    counts: dict[tuple[str, str], int] = defaultdict(int)
    for photograph in photographs:
        counts[f"{photograph.package} {photograph.version}", photograph.licence] += 1
    rows = [f"| {package} | {licence} | {count} |" for (package, licence), count in sorted(counts.items())]
    return "\n".join(
        [
            "## Data",
            "",
            "Photographs from Debian packages; illustrations and renderings in them were left out by eye. The manifest",
            "names author, licence, source and digest of each.",
            "",
            "| Package | Licence | Photographs |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


def licences_of(photographs: Iterable[Photograph]) -> str:
    """How many photographs are under which licence: "2 under CC-BY-2.0, 20 under CC0-1.0"."""
    counts = Counter(photograph.licence for photograph in photographs)
    return ", ".join(f"{count} under {licence}" for licence, count in sorted(counts.items()))


def data_in_short(photographs: Iterable[Photograph]) -> str:
    """What a model learned from, by licence alone, where the upscalers' card says the rest."""
    return "\n".join(
        [
            "## Data",
            "",
            f"Photographs from Debian packages: {licences_of(photographs)}. "
            "The manifest names author, licence, source and",
            "digest of each; the card of the upscalers, which learned from the same, names the photographers.",
            "",
        ]
    )


def photographers(photographs: list[Photograph]) -> str:
    """Whose work it was, by licence."""
    authors: dict[str, set[str]] = defaultdict(set)
    for photograph in photographs:
        authors[photograph.licence].add(photograph.author)
    lines = [f"- {licence}: {'; '.join(sorted(authors[licence]))}." for licence in sorted(authors)]
    return "\n".join(["## Photographers", "", *lines, ""])


def write_card(weights: Path, card: Path, manifest: Path = MANIFEST) -> None:
    """Writes the card of the upscalers pinned in the folder `weights` and trained on the corpus of `manifest`."""
    tables = tomllib.loads((weights / "weights.toml").read_text(encoding="utf-8"))
    upscalers = {name: table for name, table in tables.items() if table.get("card") == card.name}
    card.parent.mkdir(parents=True, exist_ok=True)
    card.write_text(render(upscalers, read_manifest(manifest)), encoding="utf-8")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m training.card", description=__doc__)
    parser.add_argument("--weights", type=Path, default=Path("generators") / "weights")
    parser.add_argument("--card", type=Path, default=Path("generators") / "cards" / "upscale.md")
    arguments = parser.parse_args()
    write_card(arguments.weights, arguments.card)


if __name__ == "__main__":
    main()
