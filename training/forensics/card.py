"""Records what `training.evaluation.artefact` measured beside the weights, and writes their model card from it.

    python -m training.forensics.card FILE.json [--weights detectors/weights]

Every figure comes from the file, from `weights.toml` and from the corpus manifest; only the words on scope and limits
are fixed here. A file that measured other weights is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from core.errors import ConfigurationError
from core.weights import read_tables
from detectors.generated.artefact import NAME
from training.artefact import CARD
from training.card import data_in_short
from training.corpora.manifest import Photograph, read_manifest
from training.corpora.photographs import MANIFEST
from training.forensics.card_parts import command

CHANCE = 0.5

_HEADER = """\
---
licence: Apache-2.0
summary: >-
  Says how strongly a picture shows the trace of a neural decoder, and where; the artefact branch of `generated_image`.
limits: >-
  Knows the decoders that it learned from and their like. Resizing and compression erase what it looks for, and what a
  picture shows it does not see at all.
---
# Decoders' traces

A fully convolutional network ({parameters:,} parameters, timm's ResNetV2 on residuals at full resolution) that says of
each 8×8 block how likely a decoder made it. It learned from pairs of a photograph and its own reconstruction, aligned
in frequencies and delivered alike (resized, JPEG, WebP or PNG), so that the trace of the decoder is all that differs.
"""

_SCOPE = """\
## Scope and limits

- One of several branches: by itself it decides nothing, and its score is no probability.
- Its decoders are small ones that were trained here for a minute or two, and two shipped upscalers and an autoencoder.
  What commercial generators do to pixels it has never seen; the table above says what that is worth.
- Photographs that a phone or a service has enlarged, denoised or sharpened by a network show such a trace, too.
- Trained on photographs of landscapes, animals, plants, buildings and objects that were halved before; there are no
  portraits, no text and no drawings among them.
"""


def render(entry: Mapping[str, Any], found: Mapping[str, Any], parameters: int, used: Sequence[Photograph]) -> str:
    """The card in Markdown. entry: the network's table in `weights.toml`. found: what was measured of it.

    Raises ConfigurationError for measurements of other weights.
    """
    if found["weights"] != entry["sha256"]:
        raise ConfigurationError(f"measured were the weights {found['weights']}, pinned are {entry['sha256']}")
    parts = [_HEADER.format(parameters=parameters), _photographs(found)]
    parts += [_generators(found)] if "devset" in found else []
    return "\n".join([*parts, _SCOPE, _training(entry), data_in_short(used)])


def _photographs(found: Mapping[str, Any]) -> str:
    blind = found["sharpness"]
    lines = [
        "## Measured on photographs",
        "",
        f"AUC, with 95% intervals by drawing photographs anew, of {found['photographs']} test photographs against",
        "their reconstructions: as they are (clean), halved and JPEG 75 (worse), and clean with the power of each band",
        "of frequencies brought to the original's (matched). In brackets a baseline that only sees sharpness.",
        f"Not learned from: {', '.join(found['left_out'])}.",
        "",
        "| Decoder | Clean | Worse | Matched |",
        "|---|---|---|---|",
    ]
    for family, figures in sorted(found["families"].items(), key=lambda each: each[0] not in found["left_out"]):
        cells = [f"{_cell(figures[name])} ({blind[family][name][0]:.2f})" for name in ("clean", "worse", "matched")]
        name = f"**{family}** (never seen)" if family in found["left_out"] else family
        lines.append(f"| {name} | {' | '.join(cells)} |")
    again = ", ".join(f"{name} {_cell(each)}" for name, each in found["controls"].items())
    return "\n".join([*lines, "", f"Photographs against themselves compressed, which should be .50: {again}.", ""])


def _generators(found: Mapping[str, Any]) -> str:
    """On real generators, with a plain word where it is at chance."""
    figures, blind = found["devset"], found["devset_sharpness"]
    names = sorted({name for each in figures.values() for name in each} - {"photographs", "all"})
    conditions = list(figures)
    lines = [
        "## Measured on real generators",
        "",
        f"AUC of generators' pictures against {figures['resized']['photographs']} photographs, all unknown to it.",
        "resized: the middle square of both reduced to 384 pixels, JPEG 90; worse: that halved, JPEG 75; native:",
        "the middle 384 pixels of both as they are, JPEG 90. The last is no clean comparison: the photographs were",
        "compressed before, most made pictures were not. In brackets the baseline that only sees sharpness.",
        "",
        f"| Generator | Pictures | {' | '.join(conditions)} |",
        f"|---|---{'|---' * len(conditions)}|",
    ]
    for name in ("all", *names):
        cells = [f"{_cell(figures[each][name])} ({blind[each][name][0]:.2f})" for each in conditions]
        lines.append(f"| {name} | {figures[conditions[0]][name][3]} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", *(verdict_of(each, figures[each]["all"]) for each in conditions), ""])


def verdict_of(condition: str, figure: Sequence[float]) -> str:
    """What a figure with its interval says, in plain words."""
    value, low, high = figure[:3]
    if low <= CHANCE <= high:
        return f"- {condition}: **at chance** on generators that it does not know."
    if high < CHANCE:
        return f"- {condition}: **below chance**: it takes photographs for made pictures more often than these."
    return f"- {condition}: above chance, with an AUC of {value:.2f}."


def _cell(figure: Sequence[float]) -> str:
    return f"{figure[0]:.2f} [{figure[1]:.2f}, {figure[2]:.2f}]"


def _training(entry: Mapping[str, Any]) -> str:
    made = entry["training"]
    return "\n".join(
        [
            "## Training",
            "",
            f"`{entry['file']}`, sha256 `{entry['sha256']}`: {made['steps']:,} steps in {made['seconds'] / 60:.0f}",
            "minutes on a CPU that was busy with other work. Its recipe has a larger budget:",
            f"`training/recipes/detectors/{made['recipe']}` (`{made['recipe_digest']}`), for",
            "`python -m training.artefact` on reconstructions (`python -m training.decoders`) by",
            f"{', '.join(made['families'])} of",
            f"{made['photographs']} photographs of `training/corpora/{made['corpus']}` (`{made['corpus_digest']}`).",
            "",
        ]
    )


def write_card(found: Mapping[str, Any], folder: Path) -> Path:
    """Writes the card of the weights pinned in `folder` beside them. Raises as `render` does."""
    entry = read_tables(folder / "weights.toml")[NAME]
    used = [photograph for photograph in read_manifest(MANIFEST) if photograph.split == "train"]
    path = folder / CARD
    path.write_text(render(entry, found, found["parameters"], used), encoding="utf-8")
    return path


def main() -> None:
    """Command line."""
    command("training.forensics.card", __doc__, write_card)


if __name__ == "__main__":
    main()
