"""Writes the model card of the blend network from what `training.evaluation.blend` measured.

    python -m training.forensics.blended.card FILE.json [--weights detectors/weights]

Every figure in the card comes from that file, from `weights.toml`, the calibration and the corpus manifest; only the
words on scope and limits are fixed here. A file that measured other weights is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from core.weights import read_tables
from detectors.blends.weights import NAME
from detectors.verdicts.calibration import Calibration
from training.evaluation.blend import GROUPS, MEASURED_SIDE
from training.forensics.card_parts import command, data, limits, section, verdicts, wrapped, write

_HEADER = """\
---
licence: Apache-2.0
summary: >-
  Looks for a part that was blended into a picture. AUC {learned:.2f} on kinds of blending that it learned from and
  {unknown:.2f} on kinds that it never saw, with photographs that it did not learn from.
limits: >-
  Learned from photographs blended with altered copies of themselves, without a face among them. It does not know what
  was blended, nor why; strong compression and reduction erase what it looks for.
---
# Blends

A U-Net (diffusers, {parameters:.1f}M parameters) on the traces of `detectors/manipulation/traces.py`, which marks cells
that belong to another picture and cells where the border between the two runs. It began with the weights of
`manipulation`, which learned from the same photographs. Its score is one log odds of the whole picture, out of the
highest cells of both maps and their means.
"""
_SCOPE = """\
## Scope and limits

- It learned from self-blended pictures (after Shiohara & Yamasaki, CVPR 2022): a part of a photograph or drawing, a
  little brighter, sharper, coarser or moved, blended back. Nobody's face is among them, and no checkpoint for face
  swaps was measured: it is a detector of blends and says nothing about people.
- Collages, retouching, stickers and pictures within pictures are blends, and nothing is wrong with them.
- Pictures that were made whole by a generator have no border; `generated_image` is for these.
- Kinds of blending that it never saw are held apart above. What people do by hand, with an eye for the border, and what
  current face-swap programs do was not measured; expect less.
- The intervals are wide, for the photographs are few. Look at the map before anybody is accused of anything.
"""


def render(entry: Mapping[str, Any], found: Mapping[str, Any], calibration: Calibration) -> str:
    """The card in Markdown. entry: its tables in `weights.toml`. found: what was measured, as JSON."""
    areas = next(iter(found["areas"].values()))["network"]
    parameters = entry["measured"]["parameters"] / 1e6
    header = _HEADER.format(learned=areas["learned"][0], unknown=areas["held out"][0], parameters=parameters)
    parts = [header, _ranking(found), _verdicts(found, calibration), _SCOPE, _training(entry), data()]
    return "\n".join(parts)


def _ranking(found: Mapping[str, Any]) -> str:
    conditions = found["areas"]
    baselines = [name for name in next(iter(conditions.values())) if name != "network"]
    lines = [
        "## Measured: ranking",
        "",
        wrapped(
            f"Squares of {MEASURED_SIDE} pixels from {found['photographs']} photographs of the test split, blended and "
            "not with the same past and the same delivery. AUC against all that are not blended, in brackets 95% of a "
            "bootstrap over photographs. Delivered as drawn (three in four coded, JPEG or WebP 60–100), as JPEG 75, "
            "and at half size as JPEG 75. Held out are the kinds that it never learned from: Poisson's, multi-band, "
            "and another photograph with matched colours. Baselines, on the same squares, all kinds: below."
        ),
        "",
        "| Kind | " + " | ".join(conditions) + " | F1 of the map, as drawn |",
        "|---" * (len(conditions) + 2) + "|",
    ]
    for kind in GROUPS:
        cells = [_cell(each["network"].get(kind)) for each in conditions.values()]
        lines.append(f"| {kind} | {' | '.join(cells)} | {found['f1'][kind]:.2f} |")
    lines += ["", "| Baseline | " + " | ".join(conditions) + " |", "|---" * (len(conditions) + 1) + "|"]
    lines += [
        f"| {name} | " + " | ".join(_cell(each[name]["all"]) for each in conditions.values()) + " |"
        for name in baselines
    ]
    return "\n".join([*lines, ""])


def _verdicts(found: Mapping[str, Any], calibration: Calibration) -> str:
    lines = [
        "## Measured: verdicts",
        "",
        wrapped(
            f"The calibration was fitted on {calibration.photographs} whole photographs that neither training nor this "
            f"test saw. {limits(calibration)} On whole photographs of the test split, every photograph counting once; "
            "the interval is Wilson's:"
        ),
        "",
        *verdicts(found["verdicts"], {}),
        "",
    ]
    return "\n".join(lines)


def _training(entry: Mapping[str, Any]) -> str:
    made = entry["training"]
    told = (
        f"`{entry['file']}`, sha256 `{entry['sha256']}`: {made['steps']:,} steps in {made['seconds'] / 60:.0f} minutes "
        f"of a small share of a CPU core, recipe `training/recipes/detectors/{made['recipe']}` "
        f"(`{made['recipe_digest']}`), {made['photographs']} photographs and drawings of "
        f"`training/corpora/{made['corpus']}` (`{made['corpus_digest']}`) and the sprites; blends by "
        "`training/forensics/blended`."
    )
    return section("Training", told)


def write_card(found: Mapping[str, Any], weights: Path) -> Path:
    """Writes it beside the weights. Raises ConfigurationError for measurements of other weights."""
    return write(found, read_tables(weights / "weights.toml")[NAME], weights, render)


def _cell(figure: Sequence[float] | None) -> str:
    return "–" if figure is None else f"{figure[0]:.2f} [{figure[1]:.2f}, {figure[2]:.2f}]"


def main() -> None:
    """Command line."""
    command("training.forensics.blended.card", __doc__, write_card)


if __name__ == "__main__":
    main()
