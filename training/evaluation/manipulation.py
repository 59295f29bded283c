"""Measures the localiser of manipulations by operation, beside classical maps, on photographs of the test split.

    python -m training.evaluation.manipulation [--weights detectors/weights] [--rounds 2] [--json FILE]

Every photograph gives `rounds` pairs of squares an operation, one manipulated and one untouched, with the same past and
the same delivery, and once the whole of itself. Maps count as marked from the probability that was fitted with the
calibration; the thresholds of the classical ones are those with the best F1 on the manipulated test squares themselves,
which favours them.
Intervals are 95%: of rates by Wilson over photographs, of means by a bootstrap over photographs.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from core.media import Pixels
from core.weights import read_manifest
from detectors.base import Verdict
from detectors.manipulation.detector import MARKED_FROM, NAME, read
from detectors.manipulation.localiser import Localiser
from detectors.verdicts.calibration import Calibration, of_weights
from detectors.verdicts.familiar import Familiar
from training.corpora.photographs import DEFAULT_CACHE
from training.evaluation.detecting import localisation
from training.evaluation.detecting.localisation import Map, fitted
from training.evaluation.intervals import auc, wilson
from training.forensics.scripted.export import UNTOUCHED, WHOLE, Sample, samples
from training.forensics.scripted.operations import OPERATIONS
from training.forensics.scripted.sources import open_pairs
from training.manipulation import MEASURED_SIDE

SEED = 20261201
"""Of the squares that are measured."""
_HALF = 0.5  # of a pixel
_DRAWS = 1000
_TOP = 0.99  # quantile of a classical map that is its score of the picture
CLASSICAL: Mapping[str, Callable[[Pixels], Map]] = {
    "error levels": localisation.error_levels,
    "noise levels": localisation.noise_levels,
    "everything": lambda pixels: np.ones(pixels.shape[:2], np.float32),
}


def measured(
    seen: Sequence[Sample], calibration: Calibration, familiar: Familiar, marked_from: float
) -> dict[str, Any]:
    """All figures, as JSON knows them. marked_from: the probability from which on a cell counts."""
    squares = [sample for sample in seen if sample.kind != WHOLE]
    changed = [sample for sample in squares if sample.truth is not None]
    maps = [fitted(sample.look.heat, sample.pixels.shape) for sample in changed]
    methods = {"network": _localised(changed, maps, marked_from)}
    methods["network"]["auc"] = _auc(squares, [sample.look.score for sample in squares])
    for name, method in CLASSICAL.items():
        theirs = [method(sample.pixels) for sample in changed]
        truths = [_truth(sample) for sample in changed]
        methods[name] = _localised(changed, theirs, localisation.best_threshold(theirs, truths))
        scores = [float(np.quantile(method(sample.pixels), _TOP)) for sample in squares]
        methods[name]["auc"] = _auc(squares, scores)
    judged = {
        kind: _verdicts([sample for sample in seen if sample.kind == kind], calibration, familiar)
        for kind in (UNTOUCHED, WHOLE, *OPERATIONS)
    }
    return {"photographs": len({sample.host for sample in seen}), "methods": methods, "verdicts": judged}


def _truth(sample: Sample) -> np.typing.NDArray[np.bool_]:
    assert sample.truth is not None  # noqa: S101 - callers pass manipulated ones
    return sample.truth >= _HALF


def _localised(changed: Sequence[Sample], maps: Sequence[Map], threshold: float) -> dict[str, Any]:
    """F1 and IoU by operation, and of all, with the bootstrap's interval of the F1."""
    rows = [
        (sample.kind, sample.host, localisation.f1(each >= threshold, _truth(sample)),
         localisation.iou(each >= threshold, _truth(sample)))
        for sample, each in zip(changed, maps, strict=True)
    ]  # fmt: skip
    made: dict[str, Any] = {"threshold": round(threshold, 3)}
    for kind in ("all", *OPERATIONS):
        here = [row for row in rows if kind in ("all", row[0])]
        low, high = _bootstrap([row[2] for row in here], [row[1] for row in here])
        made[kind] = {
            "f1": round(float(np.mean([row[2] for row in here])), 3),
            "f1_low": round(low, 3),
            "f1_high": round(high, 3),
            "iou": round(float(np.mean([row[3] for row in here])), 3),
            "squares": len(here),
        }
    return made


def _auc(squares: Sequence[Sample], scores: Sequence[float]) -> dict[str, float]:
    """Of the picture's score, by operation and of all, against every untouched square."""
    values = np.asarray(scores, np.float64)
    kinds = np.array([sample.kind for sample in squares])
    clean = values[kinds == UNTOUCHED]
    made = {kind: round(auc(values[kinds == kind], clean), 3) for kind in OPERATIONS}
    return {"all": round(auc(values[kinds != UNTOUCHED], clean), 3), **made}


def _verdicts(seen: Sequence[Sample], calibration: Calibration, familiar: Familiar) -> dict[str, Any]:
    """Shares of the three verdicts, every photograph counting once, and the interval of DETECTED."""
    given = [_verdict(sample, calibration, familiar) for sample in seen]
    hosts = np.array([sample.host for sample in seen])
    weights = np.array([1 / (hosts == host).sum() for host in hosts])
    total = len(np.unique(hosts))
    made: dict[str, Any] = {
        verdict.value: round(float(weights[[each is verdict for each in given]].sum()) / total, 4)
        for verdict in Verdict
    }
    low, high = wilson(made[Verdict.DETECTED] * total, total)
    return {**made, "detected_low": round(low, 4), "detected_high": round(high, 4), "pictures": len(seen)}


def _verdict(sample: Sample, calibration: Calibration, familiar: Familiar) -> Verdict:
    if familiar.distance(sample.look.features) > familiar.limit:
        return Verdict.ABSTAINED
    return calibration.judge(sample.look.score).verdict


def _bootstrap(values: Sequence[float], hosts: Sequence[int]) -> tuple[float, float]:
    """95% of the mean, over draws of whole photographs."""
    numbers, where = np.asarray(values), np.asarray(hosts)
    names = np.unique(where)
    sums = np.array([numbers[where == name].sum() for name in names])
    counts = np.array([(where == name).sum() for name in names])
    picked = np.random.default_rng(0).integers(len(names), size=(_DRAWS, len(names)))
    low, high = np.quantile(sums[picked].sum(1) / counts[picked].sum(1), (0.025, 0.975))
    return float(low), float(high)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m training.evaluation.manipulation", description=__doc__)
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE)
    parser.add_argument("--weights", type=Path, default=Path("detectors") / "weights")
    parser.add_argument("--rounds", type=int, default=2, help="pairs an operation and photograph")
    parser.add_argument("--json", type=Path, help="write every figure to this file, for the card")
    arguments = parser.parse_args()
    pinned = read_manifest(arguments.weights / "weights.toml")[NAME]
    network, familiar = read(pinned)
    marked_from = float(pinned.parameters[MARKED_FROM])
    pairs = open_pairs(arguments.cache, "test", MEASURED_SIDE, SEED)
    seen = list(samples(Localiser(network, torch.device("cpu")), pairs, arguments.rounds))
    found = {"weights": pinned.sha256, **measured(seen, of_weights(pinned), familiar, marked_from)}
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps({name: method["all"] for name, method in found["methods"].items()}, indent=1))


if __name__ == "__main__":
    main()
