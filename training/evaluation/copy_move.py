"""Measures `copy_move` on scripted forgeries of photographs, and fits its calibration.

    python -m training.evaluation.copy_move [--cache DIR]

Every photograph stays as it is, is forged by a plain copy, and by a turned and scaled one; 5–15% of the area, places
drawn without looking; all are then stored as JPEG of quality 75–95. Fitted on the train split, reported on the test
split, whose photographs are others.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from core.media import Pixels
from detectors.copy_move import CALIBRATION, LEAST_KEYPOINTS, NOTHING, features, search
from detectors.correlation import Overlap
from training.corpora.photographs import DEFAULT_CACHE, load_split
from training.evaluation.forgeries import draw, forge, from_jpeg, to_jpeg
from training.evaluation.intervals import auc, fit_logistic, log_loss, proportion

_QUALITY = (75, 95)
_TRIES = 5
_ROUNDS = {"train": 1, "test": 4}


@dataclass(frozen=True, slots=True)
class Sample:
    """One picture. kind: "untouched", "copied" or "turned". f1: of the mask, 0 where nothing was found."""

    kind: str
    searched: bool
    found: tuple[tuple[float, ...], ...]
    f1: float


def measure(photographs: dict[str, Pixels], rounds: int, seed: int) -> list[Sample]:
    """One untouched picture and `rounds` forgeries of each kind of every photograph."""
    samples = []
    for name in sorted(photographs):
        rng = np.random.default_rng([seed, *name.encode()])
        samples.append(_sample("untouched", photographs[name], None, rng))
        for kind in ("copied", "turned") * rounds:
            forged = _forge(photographs[name], kind == "turned", rng)
            if forged is not None:
                samples.append(_sample(kind, *forged, rng))
    return samples


def _forge(pixels: Pixels, turned: bool, rng: np.random.Generator) -> tuple[Pixels, NDArray[np.bool_]] | None:
    """None where the drawn patch finds no place, as in narrow pictures."""
    for _ in range(_TRIES):
        try:
            return forge(pixels, draw(rng, transformed=turned), rng)
        except ValueError:
            continue
    return None


def _sample(kind: str, pixels: Pixels, truth: NDArray[np.bool_] | None, rng: np.random.Generator) -> Sample:
    stored = from_jpeg(to_jpeg(pixels, int(rng.integers(*_QUALITY, endpoint=True))))
    keypoints, overlaps = search(stored)
    best = max(overlaps, key=_odds, default=None)
    f1 = _f1(best, truth) if best is not None and truth is not None else 0.0
    return Sample(kind, keypoints >= LEAST_KEYPOINTS, tuple(features(found) for found in overlaps), f1)


def _odds(found: Overlap) -> float:
    return CALIBRATION.judge(features(found))[1]


def _f1(found: Overlap, truth: NDArray[np.bool_]) -> float:
    marked = found.source | found.target
    wanted = cv2.resize(truth.astype(np.uint8), marked.shape[::-1], interpolation=cv2.INTER_NEAREST) > 0
    return float(2 * (marked & wanted).sum() / max(1, marked.sum() + wanted.sum()))


def _best(sample: Sample, weights: NDArray[np.float64]) -> tuple[float, ...]:
    """The features of the strongest repetition."""
    return max(sample.found, key=lambda values: float(np.dot(weights[:-1], values)), default=NOTHING)


def fit(samples: list[Sample]) -> NDArray[np.float64]:
    """Weights, bias last; refitted because which repetition is the strongest depends on the weights."""
    truth = np.array([sample.kind != "untouched" for sample in samples])
    weights = np.array([1.0] * len(NOTHING) + [0.0])
    for _ in range(5):
        weights = fit_logistic(np.array([_best(sample, weights) for sample in samples]), truth, ridge=1.0)
    return weights


def report(samples: list[Sample], weights: NDArray[np.float64], threshold: float, name: str) -> None:
    """Prints what is found at a threshold on the log odds; a picture too plain to search counts as not found."""
    odds = np.array([float(np.dot(weights, (*_best(sample, weights), 1.0))) for sample in samples])
    hits = (odds >= threshold) & np.array([sample.searched for sample in samples])
    kinds = np.array([sample.kind for sample in samples])
    untouched = kinds == "untouched"
    print(f"{name}, untouched: FPR {proportion(int(hits[untouched].sum()), int(untouched.sum()))}")
    for kind in ("copied", "turned"):
        here = kinds == kind
        f1 = np.array([sample.f1 for sample in samples])[here & hits]
        rate = proportion(int(hits[here].sum()), int(here.sum()))
        print(f"{name}, {kind}: TPR {rate}, AUC {auc(odds[here], odds[untouched]):.3f}, F1 where found {f1.mean():.2f}")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m training.evaluation.copy_move", description=__doc__)
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE)
    cache: Path = parser.parse_args().cache
    train = measure(load_split(cache, "train"), _ROUNDS["train"], seed=1)
    weights = fit(train)
    untouched = [sample for sample in train if sample.kind == "untouched"]
    odds = np.array([float(np.dot(weights, (*_best(sample, weights), 1.0))) for sample in untouched])
    threshold = float(odds.max()) + 0.1
    chance = 1 / (1 + np.exp(-threshold))
    print(
        f"weights {weights.round(3).tolist()}, threshold {chance:.3f}: above every untouched picture of the train split"
    )
    report(train, weights, threshold, "train")
    test = measure(load_split(cache, "test"), _ROUNDS["test"], seed=2)
    truth = np.array([sample.kind != "untouched" for sample in test])
    print(f"log loss, test: {log_loss(np.array([_best(s, weights) for s in test]), truth, weights):.3f} nats")
    report(test, weights, threshold, "test")


if __name__ == "__main__":
    main()
