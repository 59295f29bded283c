"""Fits the calibration of the shipped localiser anew, after a change of the score or of how calibrations are fitted.

    python -m training.forensics.scripted.refit [--weights detectors/weights] [--rounds 1]

The photographs, their manipulations and the rule are those of the training (`training.manipulation`). Weights, what is
familiar to them and where maps count as marked stay as they are; the new calibration is pinned beside them.
"""

from __future__ import annotations

import argparse
import tomllib
from pathlib import Path

import torch

from core.weights import read_manifest
from detectors.manipulation.detector import NAME, read
from detectors.manipulation.localiser import Localiser
from detectors.verdicts.calibration import Calibration
from training.corpora.photographs import DEFAULT_CACHE
from training.export import pin
from training.forensics.scripted.export import calibrated, samples
from training.forensics.scripted.samples import Pairs
from training.forensics.scripted.sources import open_pairs
from training.manipulation import CALIBRATION_SEED, MEASURED_SIDE


def refit(folder: Path, pairs: Pairs, rounds: int) -> Calibration:
    """Fits on `pairs`, of photographs that the network did not learn from; writes and pins. Raises as `read_manifest`
    and `fit` do.
    """
    manifest = folder / "weights.toml"
    network, _ = read(read_manifest(manifest)[NAME])
    found = calibrated(list(samples(Localiser(network, torch.device("cpu")), pairs, rounds)))
    entry = tomllib.loads(manifest.read_text(encoding="utf-8"))[NAME]
    entry["parameters"]["calibration_sha256"] = found.write(folder / entry["parameters"]["calibration"])
    pin(manifest, NAME, entry)
    return found


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m training.forensics.scripted.refit", description=__doc__)
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE)
    parser.add_argument("--weights", type=Path, default=Path("detectors") / "weights")
    parser.add_argument("--rounds", type=int, default=1, help="pairs an operation and photograph, as in the recipe")
    arguments = parser.parse_args()
    pairs = open_pairs(arguments.cache, "calibration", MEASURED_SIDE, CALIBRATION_SEED)
    found = refit(arguments.weights, pairs, arguments.rounds)
    print(f"detected from {found.detected_from:.3f}, not detected up to {found.absent_to:.3f}, {found.digest}")


if __name__ == "__main__":
    main()
