"""What the model cards of the networks on traces share: paragraphs, the table of verdicts, the data, and the writing.

It knows how a card is laid out and where it lies. What a network is and what was measured of it, its own card says.
"""

from __future__ import annotations

import argparse
import json
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from core.errors import ConfigurationError
from detectors.verdicts.calibration import Calibration
from training.card import licences_of
from training.corpora.manifest import read_manifest
from training.corpora.photographs import MANIFEST

_WIDTH = 120


def wrapped(text: str) -> str:
    """A paragraph, in lines of the width of our texts."""
    return textwrap.fill(text, _WIDTH, break_long_words=False, break_on_hyphens=False)


def section(title: str, text: str) -> str:
    """One paragraph under a title."""
    return "\n".join([f"## {title}", "", wrapped(text), ""])


def limits(calibration: Calibration) -> str:
    """From where on verdicts are given, in a sentence."""
    return (
        f"It says *detected* from {calibration.detected_from:.3f} on (false-positive rate there "
        f"{calibration.fpr:.3f}, 95% [{calibration.fpr_low:.3f}, {calibration.fpr_high:.3f}]) and *not detected* "
        f"up to {calibration.absent_to:.3f}."
    )


def verdicts(rows: Mapping[str, Mapping[str, Any]], names: Mapping[str, str]) -> list[str]:
    """The lines of the table of verdicts. rows: shares by kind. names: of kinds that the table calls otherwise."""
    lines = ["| | Pictures | Detected | Not detected | Abstained |", "|---|---|---|---|---|"]
    for kind, row in rows.items():
        detected = f"{row['detected']:.3f} [{row['detected_low']:.3f}, {row['detected_high']:.3f}]"
        rest = f"{row['not_detected']:.3f} | {row['abstained']:.3f}"
        lines.append(f"| {names.get(kind, kind)} | {row['pictures']} | {detected} | {rest} |")
    return lines


def data(*more: str) -> str:
    """What both learned from, and sentences on what one of them learned from besides."""
    used = [photograph for photograph in read_manifest(MANIFEST) if photograph.split == "train"]
    told = (
        f"Photographs from Debian packages: {licences_of(used)}, two of seven of them kept back for the calibration. "
        "The manifest names author, licence, source and digest of each; the card of the upscalers, which learned from "
        "the same, names the photographers. Drawings of two styles (MIT, Apache-2.0), whose sources stand in "
        "[NOTICE](../../NOTICE.md)."
    )
    return section("Data", " ".join([told, *more]))


def write(
    found: Mapping[str, Any],
    entry: Mapping[str, Any],
    folder: Path,
    render: Callable[[Mapping[str, Any], Mapping[str, Any], Calibration], str],
) -> Path:
    """Writes a card beside the weights in `folder`; its path. entry: their tables in `weights.toml`.

    Raises ConfigurationError for measurements of other weights.
    """
    if found["weights"] != entry["sha256"]:
        raise ConfigurationError(f"measured were the weights {found['weights']}, pinned are {entry['sha256']}")
    parameters = entry["parameters"]
    calibration = Calibration.read(folder / parameters["calibration"], parameters["calibration_sha256"])
    path: Path = folder / entry["card"]
    path.write_text(render(entry, found, calibration), encoding="utf-8")
    return path


def command(module: str, description: str | None, write_card: Callable[[Mapping[str, Any], Path], Path]) -> None:
    """Command line of a card."""
    parser = argparse.ArgumentParser(prog=f"python -m {module}", description=description)
    parser.add_argument("measured", type=Path)
    parser.add_argument("--weights", type=Path, default=Path("detectors") / "weights")
    arguments = parser.parse_args()
    print(write_card(json.loads(arguments.measured.read_text(encoding="utf-8")), arguments.weights))
