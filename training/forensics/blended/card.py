"""Writes the model card of the blend network from what `training.evaluation.blend` measured.

    python -m training.forensics.blended.card FILE.json [--weights detectors/weights]

Every figure in the card comes from that file, from `weights.toml`, the calibration and the corpus manifest; only the
words on scope and limits are fixed here. A file that measured other weights is refused.
"""

from __future__ import annotations

import argparse
import json
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from core.errors import ConfigurationError
from core.weights import read_tables
from detectors.blends.detector import NAME
from detectors.verdicts.calibration import Calibration
from training.card import licences_of
from training.corpora.manifest import read_manifest
from training.corpora.photographs import MANIFEST
from training.evaluation.blend import GROUPS, MEASURED_SIDE

_WIDTH = 120
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
    parts = [header, _ranking(found), _verdicts(found, calibration), _SCOPE, _training(entry), _data()]
    return "\n".join(parts)


def _ranking(found: Mapping[str, Any]) -> str:
    conditions = found["areas"]
    baselines = [name for name in next(iter(conditions.values())) if name != "network"]
    lines = [
        "## Measured: ranking",
        "",
        _wrapped(
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
        _wrapped(
            f"The calibration was fitted on {calibration.photographs} whole photographs that neither training nor this "
            f"test saw. It says *detected* from {calibration.detected_from:.3f} on (false-positive rate there "
            f"{calibration.fpr:.3f}, 95% [{calibration.fpr_low:.3f}, {calibration.fpr_high:.3f}]) and *not detected* "
            f"up to {calibration.absent_to:.3f}. On whole photographs of the test split, every photograph counting "
            "once; the interval is Wilson's:"
        ),
        "",
        "| | Pictures | Detected | Not detected | Abstained |",
        "|---|---|---|---|---|",
    ]
    for kind, row in found["verdicts"].items():
        detected = f"{row['detected']:.3f} [{row['detected_low']:.3f}, {row['detected_high']:.3f}]"
        rest = f"{row['not_detected']:.3f} | {row['abstained']:.3f}"
        lines.append(f"| {kind} | {row['pictures']} | {detected} | {rest} |")
    return "\n".join([*lines, ""])


def _training(entry: Mapping[str, Any]) -> str:
    made = entry["training"]
    told = (
        f"`{entry['file']}`, sha256 `{entry['sha256']}`: {made['steps']:,} steps in {made['seconds'] / 60:.0f} minutes "
        f"of a small share of a CPU core, recipe `training/recipes/detectors/{made['recipe']}` "
        f"(`{made['recipe_digest']}`), {made['photographs']} photographs and drawings of "
        f"`training/corpora/{made['corpus']}` (`{made['corpus_digest']}`) and the sprites; blends by "
        "`training/forensics/blended`."
    )
    return "\n".join(["## Training", "", _wrapped(told), ""])


def _data() -> str:
    used = [photograph for photograph in read_manifest(MANIFEST) if photograph.split == "train"]
    told = (
        f"Photographs from Debian packages: {licences_of(used)}, two of seven of them kept back for the calibration. "
        "The manifest names author, licence, source and digest of each; the card of the upscalers, which learned from "
        "the same, names the photographers. Drawings of two styles (MIT, Apache-2.0), whose sources stand in "
        "[NOTICE](../../NOTICE.md)."
    )
    return "\n".join(["## Data", "", _wrapped(told), ""])


def write_card(found: Mapping[str, Any], weights: Path) -> Path:
    """Writes it beside the weights. Raises ConfigurationError for measurements of other weights."""
    entry = read_tables(weights / "weights.toml")[NAME]
    if found["weights"] != entry["sha256"]:
        raise ConfigurationError(f"measured were the weights {found['weights']}, pinned are {entry['sha256']}")
    parameters = entry["parameters"]
    calibration = Calibration.read(weights / parameters["calibration"], parameters["calibration_sha256"])
    path: Path = weights / entry["card"]
    path.write_text(render(entry, found, calibration), encoding="utf-8")
    return path


def _wrapped(text: str) -> str:
    return textwrap.fill(text, _WIDTH, break_long_words=False, break_on_hyphens=False)


def _cell(figure: Sequence[float] | None) -> str:
    return "–" if figure is None else f"{figure[0]:.2f} [{figure[1]:.2f}, {figure[2]:.2f}]"


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m training.forensics.blended.card", description=__doc__)
    parser.add_argument("measured", type=Path)
    parser.add_argument("--weights", type=Path, default=Path("detectors") / "weights")
    arguments = parser.parse_args()
    print(write_card(json.loads(arguments.measured.read_text(encoding="utf-8")), arguments.weights))


if __name__ == "__main__":
    main()
