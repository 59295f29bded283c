"""Writes the model card of the localiser from what `training.evaluation.manipulation` measured.

    python -m training.forensics.scripted.card FILE.json [--weights detectors/weights]

Every figure in the card comes from that file, from `weights.toml`, the calibration and the corpus manifest; only the
words on scope and limits are fixed here. A file that measured other weights is refused.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from detectors.manipulation.detector import NAME
from detectors.verdicts.calibration import Calibration
from training.forensics.card_parts import command, data, limits, section, verdicts, wrapped, write
from training.forensics.scripted.operations import OPERATIONS
from training.manipulation import MEASURED_SIDE

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
_PAINTED = "What is painted in comes from the autoencoder in `training/weights`."


def render(entry: Mapping[str, Any], found: Mapping[str, Any], calibration: Calibration) -> str:
    """The card in Markdown. entry: its tables in `weights.toml`. found: what was measured, as JSON."""
    network = found["methods"]["network"]
    parameters = f"{entry['measured']['parameters'] / 1e6:.1f}"
    header = _HEADER.format(f1=network["all"]["f1"], parameters=parameters)
    return "\n".join([header, _where(found), _whether(found, calibration), _SCOPE, _training(entry), data(_PAINTED)])


def _where(found: Mapping[str, Any]) -> str:
    methods = found["methods"]
    others = [name for name in methods if name != "network"]
    lines = [
        "## Measured: where",
        "",
        wrapped(
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
    names = {"untouched": "untouched squares", "whole": "whole photographs, untouched"}
    lines = [
        "## Measured: whether",
        "",
        wrapped(
            f"The calibration was fitted on {calibration.photographs} photographs that neither training nor this test "
            "saw: untouched ones as a whole, manipulated ones in squares. "
            f"{limits(calibration)} On the test split, every photograph counting once; the interval is Wilson's:"
        ),
        "",
        *verdicts(found["verdicts"], names),
        "",
    ]
    return "\n".join(lines)


def _training(entry: Mapping[str, Any]) -> str:
    made = entry["training"]
    told = (
        f"`{entry['file']}`, sha256 `{entry['sha256']}`: {made['steps']:,} steps in {made['seconds'] / 60:.0f} minutes "
        f"of a CPU core shared with other work, recipe `training/recipes/detectors/{made['recipe']}` "
        f"(`{made['recipe_digest']}`), {made['photographs']} photographs of `training/corpora/{made['corpus']}` "
        f"(`{made['corpus_digest']}`); manipulations by `training/forensics/scripted`."
    )
    return section("Training", told)


def write_card(found: Mapping[str, Any], folder: Path) -> Path:
    """Writes the card of the weights pinned in `folder` beside them. Raises as `write` does."""
    entry = tomllib.loads((folder / "weights.toml").read_text(encoding="utf-8"))[NAME]
    return write(found, entry, folder, render)


def main() -> None:
    """Command line."""
    command("training.forensics.scripted.card", __doc__, write_card)


if __name__ == "__main__":
    main()
