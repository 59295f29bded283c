"""Records what `training.evaluation.watermark` measured beside the weights, and writes their model card from it.

    python -m training.watermarking.card FILE.json … [--weights core/watermark/weights]

Every figure in the card comes from the files given, from `weights.toml` and from the corpus manifest; only the words on
scope and limits are fixed here. A file that measured other weights is refused.
"""

from __future__ import annotations

import argparse
import json
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from core.errors import ConfigurationError
from core.watermark import weights
from training.card import data_in_short
from training.corpora.manifest import Photograph, read_manifest
from training.corpora.photographs import MANIFEST
from training.evaluation.attacks import ATTACKS
from training.evaluation.intervals import proportion, wilson
from training.export import pin
from training.watermarking.export import CARD

_HEADER = """\
# The invisible watermark

A 48-bit identifier, carried by a pattern that repeats over the picture. What is fixed is the format
(`core/watermark`): 16 bits of CRC, a convolutional code of rate ½, and 302 waves of 2 to 14 periods a tile, 86 of them
known to every reader. What is learned is where a picture hides the pattern (`generators/marking/masking.py`), how
strong each frequency is, and how the pattern is seen again (`detectors/watermark/extractor.py`). Licence: {licence}.
"""

_SCOPE = """\
## Scope and limits

- It says who made a picture to whoever has the record; it proves nothing by itself. A mark can be copied from one
  picture to another, and anybody with this repository can embed any identifier. **A hit counts only with the
  fingerprint's agreement.**
- It is not built against somebody who wants it gone: a blur, a regeneration by a model or a second mark can remove it.
- Pictures that are flat all over (a clear sky, a drawing with two colours) hide little, and lose it first.
- Small pictures carry few tiles: below 256 pixels, or in crops of a few tiles, much of what larger ones survive is
  lost. Below 64 pixels a side, or 16,384 in all, nothing is embedded.
- Trained and measured on photographs of landscapes, animals, plants, buildings and objects; there are no portraits, no
  text, no line art among them.
"""


def record(found: Sequence[Mapping[str, Any]], folder: Path) -> dict[str, Any]:
    """Adds the measurements to the entry in `weights.toml` and returns the whole entry.

    Raises ConfigurationError for measurements of other weights.
    """
    manifest = folder / "weights.toml"
    entry: dict[str, Any] = tomllib.loads(manifest.read_text(encoding="utf-8"))[weights.NAME]
    for each in found:
        if each["weights"] != entry["sha256"]:
            raise ConfigurationError(f"measured were the weights {each['weights']}, pinned are {entry['sha256']}")
        for size, row in each.get("sweep", {}).items():
            entry[f"size_{size}"] = _row(row)
        if "baseline" in each:
            entry["baseline"] = {_key(name): list(one.values()) for name, one in each["baseline"].items()}
    if counted := [each["unmarked"] for each in found if "unmarked" in each]:
        entry["unmarked"] = _added(counted)
        most = wilson(entry["unmarked"]["accepted"], entry["unmarked"]["crops"])[1]
        entry["parameters"]["false_positives"] = round(most, 6)
    pin(manifest, weights.NAME, entry)
    return entry


def render(entry: Mapping[str, Any], photographs: Sequence[Photograph]) -> str:
    """The card in Markdown. entry: the watermark's tables in `weights.toml`."""
    used = [photograph for photograph in photographs if photograph.split == "train"]
    header = _HEADER.format(licence=entry["licence"])
    parts = [header, _measured(entry), _false(entry), _SCOPE, _training(entry), data_in_short(used)]
    return "\n".join(parts)


def write_card(folder: Path, manifest: Path = MANIFEST) -> None:
    """Writes the card of the weights pinned in `folder` beside them."""
    entry = tomllib.loads((folder / "weights.toml").read_text(encoding="utf-8"))[weights.NAME]
    (folder / CARD).write_text(render(entry, list(read_manifest(manifest))), encoding="utf-8")


def _added(counted: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Several runs over unmarked crops as one."""
    keys = ("crops", "accepted", "decoded", "above_threshold")
    sums: dict[str, Any] = {key: sum(each[key] for each in counted) for key in keys}
    highest = sorted((score for each in counted for score in each["highest"]), reverse=True)
    return sums | {"score_999": highest[sums["crops"] // 1000], "score_most": highest[0]}


def _key(attack: str) -> str:
    return attack.replace(".", "_")  # a dot would open a table in TOML


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    hits = {_key(name): [each["exact"], each["trials"]] for name, each in row["attacks"].items()}
    wrong = sum(each["wrong"] for each in row["attacks"].values())
    costs = {key: round(row[key], 2) for key in ("psnr_mean", "psnr_least")}
    return {"pictures": row["pictures"], **costs, "wrong": wrong, **hits}


def _measured(entry: Mapping[str, Any]) -> str:
    sizes = sorted((int(key.removeprefix("size_")) for key in entry if key.startswith("size_")), reverse=True)
    rows = [entry[f"size_{size}"] for size in sizes]
    baseline = entry.get("baseline", {})
    lines = [
        "## Measured",
        "",
        "On the corpus's test split and `tests/media`, none of which training saw, reduced so that the longest side",
        "has so many pixels. A hit is the exact identifier, read without knowing picture or attack; intervals are 95%",
        "(Wilson). The baseline is a DWT-DCT-SVD watermark of 32 bits at the same PSNR in the largest of these sizes,",
        "whose reader knows the embedding step: words without a wrong bit, and the share of right bits. The attacks",
        "are those of `training/evaluation/attacks.py`.",
        "",
        "| | " + " | ".join(f"{size} pixels" for size in sizes) + " | Baseline, words | bits |",
        "|---" * (len(sizes) + 3) + "|",
        "| pictures | " + " | ".join(str(row["pictures"]) for row in rows) + " | | |",
        "| PSNR, mean (least), dB | "
        + " | ".join(f"{row['psnr_mean']:.2f} ({row['psnr_least']:.2f})" for row in rows)
        + " | | |",
    ]
    for attack in ATTACKS:
        cells = [proportion(*row[_key(attack)]) for row in rows if _key(attack) in row]
        if len(cells) == len(rows):
            classical = baseline.get(_key(attack))
            beside = f"{classical[0]}/{classical[1]} | {classical[2]:.2f}" if classical else " | "
            lines.append(f"| `{attack}` | " + " | ".join(cells) + f" | {beside} |")
    wrong = sum(row["wrong"] for row in rows)
    return "\n".join([*lines, "", f"Wrong identifiers in all of these readings: {wrong}.", ""])


def _false(entry: Mapping[str, Any]) -> str:
    found, threshold = entry["unmarked"], entry["parameters"]["threshold"]
    return "\n".join(
        [
            "## False positives",
            "",
            f"In {found['crops']:,} unmarked crops of 96 to 160 pixels at random scales, a quarter of them turned and",
            f"a quarter compressed, {found['accepted']} words were accepted:",
            f"{proportion(found['accepted'], found['crops'])}. The upper end of that interval,",
            f"{entry['parameters']['false_positives']}, is the rate that findings carry.",
            f"In {found['decoded']:,} of the crops something looked enough like a pilot to be decoded;",
            f"whatever their CRC said, {found['above_threshold']} scored above the threshold of {threshold} (99.9% of",
            f"all crops below {found['score_999']:.3f}, the highest {found['score_most']:.3f}).",
            "A CRC of 16 bits lets one word in 65,536 pass by chance, on top of that.",
            "",
        ]
    )


def _training(entry: Mapping[str, Any]) -> str:
    made = entry["training"]
    return "\n".join(
        [
            "## Training",
            "",
            f"`{entry['file']}`, sha256 `{entry['sha256']}`:",
            f"{made['steps']:,} steps in {made['seconds'] / 60:.0f} minutes",
            f"of a shared CPU, recipe `training/recipes/{made['recipe']}` (`{made['recipe_digest']}`),",
            f"{made['photographs']} photographs of `training/corpora/{made['corpus']}` (`{made['corpus_digest']}`).",
            "The run was interrupted and resumed, and ended before the recipe's budget where the minutes above",
            "are fewer.",
            "",
        ]
    )


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m training.watermarking.card", description=__doc__)
    parser.add_argument("measured", type=Path, nargs="+")
    parser.add_argument("--weights", type=Path, default=weights.FOLDER)
    arguments = parser.parse_args()
    record([json.loads(path.read_text(encoding="utf-8")) for path in arguments.measured], arguments.weights)
    write_card(arguments.weights)


if __name__ == "__main__":
    main()
