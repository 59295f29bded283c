"""Writes the model card of the localiser from what `training.evaluation.manipulation` measured.

    python -m training.forensics.scripted.card FILE.json [--weights detectors/weights]

Every figure in the card comes from that file, from `weights.toml`, the calibration and the corpus manifest; only the
words on scope and limits are fixed here. A file that measured other weights is refused.
"""

from __future__ import annotations

import argparse
import json
import textwrap
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.errors import ConfigurationError
from detectors.manipulation.detector import NAME
from detectors.verdicts.calibration import Calibration
from training.card import licences_of
from training.corpora.manifest import read_manifest
from training.corpora.photographs import MANIFEST
from training.forensics.scripted.operations import OPERATIONS
from training.manipulation import MEASURED_SIDE

_WIDTH = 120
_HEADER = """\
---
licence: Apache-2.0
summary: >-
  Marks which parts of a photograph have another past than the rest: pasted, removed, painted in or retouched. Mean F1
  of its maps on manipulations made by scripts is {f1:.2f}, with photographs that it did not learn from.
limits: >-
  Learned from scripted manipulations alone; what people make by hand and what today's generators paint in was not
  measured. Strong compression and reduction erase what it looks for.
---
# Manipulation

A U-Net (diffusers, {parameters}M parameters) on fixed traces (`detectors/manipulation/traces.py`): energies of noise
residuals and DCT waves, the phases of an 8-pixel grid, and the residuals themselves. It says where (log odds a cell of
4 × 4 pixels) and how far to trust that. The score of a picture is how far the mean of its most suspicious twentieth
lies above the median.
"""
_SCOPE = """\
## Scope and limits

- The operations above are those that it learned from, with other photographs, drawings, shapes and histories; an
  operation that it never saw was not measured, and will be found less often. So will work done by hand, which hides
  edges, and current generators' inpainting, whose decoders are others than ours.
- It sees differences within one picture. What was changed all over, reduced strongly or coded coarsely afterwards has
  none left. Drawings, screenshots and collages are made of parts by design.
- Copies within one picture have the past of their surroundings: `copy_move` is made for these.
- *Not detected* tells little: by the table it is said of few untouched photographs, and of some manipulated squares.
- The rule of the calibration was changed after a first one had detected 4 of the 22 whole photographs of the test
  split: what the table says of untouched ones is no clean evidence, and the rate on yours may be higher. The score was
  chosen later, among 25 figures of the maps, by the area on the 34 photographs of the calibration.
- The rates above are of scripted deliveries and few photographs; their intervals are wide. Look at the map before
  anybody is accused of anything.
"""


def render(entry: Mapping[str, Any], found: Mapping[str, Any], calibration: Calibration) -> str:
    """The card in Markdown. entry: its tables in `weights.toml`. found: what was measured, as JSON."""
    network = found["methods"]["network"]
    parameters = f"{entry['measured']['parameters'] / 1e6:.1f}"
    header = _HEADER.format(f1=network["all"]["f1"], parameters=parameters)
    return "\n".join([header, _where(found), _whether(found, calibration), _SCOPE, _training(entry), _data()])


def _where(found: Mapping[str, Any]) -> str:
    methods = found["methods"]
    others = [name for name in methods if name != "network"]
    lines = [
        "## Measured: where",
        "",
        _wrapped(
            f"Squares of {MEASURED_SIDE} pixels from {found['photographs']} photographs of the test split, manipulated "
            "and untouched with the same past and the same delivery. F1 and IoU are means over manipulated squares, "
            f"from probability {methods['network']['threshold']} on, fitted with the calibration; in brackets 95% of a "
            "bootstrap over photographs. The thresholds of the classical maps are the best ones for these very "
            "squares, which favours them. AUC: the score of the square against those of untouched ones."
        ),
        "",
        "| Operation | Squares | F1 | IoU | AUC | " + " | ".join(f"F1, {name}" for name in others) + " |",
        "|---" * (5 + len(others)) + "|",
    ]
    for kind in (*OPERATIONS, "all"):
        row = methods["network"][kind]
        cells = [kind, row["squares"], f"{row['f1']:.3f} [{row['f1_low']:.3f}, {row['f1_high']:.3f}]"]
        cells += [f"{row['iou']:.3f}", f"{methods['network']['auc'][kind]:.3f}"]
        cells += [f"{methods[name][kind]['f1']:.3f}" for name in others]
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    aucs = ", ".join(f"{name} {methods[name]['auc']['all']:.3f}" for name in others)
    return "\n".join([*lines, "", f"AUC of the classical maps' 99th percentile, all operations: {aucs}.", ""])


def _whether(found: Mapping[str, Any], calibration: Calibration) -> str:
    lines = [
        "## Measured: whether",
        "",
        _wrapped(
            f"The calibration was fitted on {calibration.photographs} photographs that neither training nor this test "
            "saw: untouched ones as a whole, manipulated ones in squares. "
            f"It says *detected* from {calibration.detected_from:.3f} on (false-positive rate there "
            f"{calibration.fpr:.3f}, 95% [{calibration.fpr_low:.3f}, {calibration.fpr_high:.3f}]) and *not detected* "
            f"up to {calibration.absent_to:.3f}. On the test split, every photograph counting once; the interval is "
            "Wilson's:"
        ),
        "",
        "| | Pictures | Detected | Not detected | Abstained |",
        "|---|---|---|---|---|",
    ]
    names = {"untouched": "untouched squares", "whole": "whole photographs, untouched"}
    for kind, row in found["verdicts"].items():
        detected = f"{row['detected']:.3f} [{row['detected_low']:.3f}, {row['detected_high']:.3f}]"
        rest = f"{row['not_detected']:.3f} | {row['abstained']:.3f}"
        lines.append(f"| {names.get(kind, kind)} | {row['pictures']} | {detected} | {rest} |")
    return "\n".join([*lines, ""])


def _training(entry: Mapping[str, Any]) -> str:
    made = entry["training"]
    told = (
        f"`{entry['file']}`, sha256 `{entry['sha256']}`: {made['steps']:,} steps in {made['seconds'] / 60:.0f} minutes "
        f"of a CPU core shared with other work, recipe `training/recipes/detectors/{made['recipe']}` "
        f"(`{made['recipe_digest']}`), {made['photographs']} photographs of `training/corpora/{made['corpus']}` "
        f"(`{made['corpus_digest']}`); manipulations by `training/forensics/scripted`."
    )
    return "\n".join(["## Training", "", _wrapped(told), ""])


def _data() -> str:
    used = [photograph for photograph in read_manifest(MANIFEST) if photograph.split == "train"]
    told = (
        f"Photographs from Debian packages: {licences_of(used)}, two of seven of them kept back for the calibration. "
        "The manifest names author, licence, source and digest of each; the card of the upscalers, which learned from "
        "the same, names the photographers. Drawings of two styles (MIT, Apache-2.0), whose sources stand in "
        "[NOTICE](../../NOTICE.md). What is painted in comes from the autoencoder in `training/weights`."
    )
    return "\n".join(["## Data", "", _wrapped(told), ""])


def _wrapped(text: str) -> str:
    return textwrap.fill(text, _WIDTH, break_long_words=False, break_on_hyphens=False)


def checked(found: Mapping[str, Any], folder: Path) -> Mapping[str, Any]:
    """The weights' entry in `weights.toml`. Raises ConfigurationError for measurements of other weights."""
    entry: dict[str, Any] = tomllib.loads((folder / "weights.toml").read_text(encoding="utf-8"))[NAME]
    if found["weights"] != entry["sha256"]:
        raise ConfigurationError(f"measured were the weights {found['weights']}, pinned are {entry['sha256']}")
    return entry


def write_card(found: Mapping[str, Any], folder: Path) -> Path:
    """Writes the card of the weights pinned in `folder` beside them. Raises as `checked` does."""
    entry = checked(found, folder)
    parameters = entry["parameters"]
    calibration = Calibration.read(folder / parameters["calibration"], parameters["calibration_sha256"])
    card: Path = folder / entry["card"]
    card.write_text(render(entry, found, calibration), encoding="utf-8")
    return card


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m training.forensics.scripted.card", description=__doc__)
    parser.add_argument("measured", type=Path)
    parser.add_argument("--weights", type=Path, default=Path("detectors") / "weights")
    arguments = parser.parse_args()
    print(write_card(json.loads(arguments.measured.read_text(encoding="utf-8")), arguments.weights))


if __name__ == "__main__":
    main()
