"""Measures `copy_move` on scripted forgeries of photographs, and fits its calibration.

    python -m training.evaluation.copy_move [--cache DIR]

Every photograph stays as it is, at three sizes; is forged by a plain copy, and by a turned and scaled one; 5–15% of
the area, places drawn without looking; all are then stored as JPEG of quality 75–95. Fitted on the train split,
reported on the test split, whose photographs are others. The three sizes of a photograph are not independent.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from core.media import Pixels
from detectors.copy_move import LEAST_KEYPOINTS, THRESHOLD, search, strength
from detectors.correlation import Overlap
from training.corpora.photographs import DEFAULT_CACHE, load_split
from training.evaluation.forgeries import draw, forge, from_jpeg, to_jpeg
from training.evaluation.intervals import auc, fit_logistic, log_loss, proportion

_QUALITY = (75, 95)
_TRIES = 5
_ROUNDS = {"train": 1, "test": 2}
_VIEWS = 3  # of every untouched photograph, at different sizes


@dataclass(frozen=True, slots=True)
class Sample:
    """One picture. kind: "untouched", "copied" or "turned". f1: of the mask of the strongest repetition.

    strength: of that repetition, 0 where there is none or the picture is too plain to search.
    """

    kind: str
    strength: float
    f1: float


def measure(photographs: dict[str, Pixels], rounds: int, seed: int) -> list[Sample]:
    """Untouched pictures and `rounds` forgeries of each kind of every photograph."""
    samples = []
    for name in sorted(photographs):
        rng = np.random.default_rng([seed, *name.encode()])
        for scale in np.linspace(1.0, 0.6, _VIEWS):
            view = cv2.resize(photographs[name], None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            samples.append(_sample("untouched", np.asarray(view, dtype=np.uint8), None, rng))
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
    best = max(overlaps, key=strength, default=None)
    if best is None or keypoints < LEAST_KEYPOINTS:
        return Sample(kind, 0.0, 0.0)
    return Sample(kind, strength(best), _f1(best, truth) if truth is not None else 0.0)


def _f1(found: Overlap, truth: NDArray[np.bool_]) -> float:
    marked = found.source | found.target
    wanted = cv2.resize(truth.astype(np.uint8), marked.shape[::-1], interpolation=cv2.INTER_NEAREST) > 0
    return float(2 * (marked & wanted).sum() / max(1, marked.sum() + wanted.sum()))


def report(samples: list[Sample], threshold: float, name: str) -> None:
    """Prints what is found at a threshold on the strength."""
    untouched = np.array([sample.strength for sample in samples if sample.kind == "untouched"])
    print(f"{name}, untouched: FPR {proportion(int((untouched >= threshold).sum()), len(untouched))}")
    for kind in ("copied", "turned"):
        here = np.array([(sample.strength, sample.f1) for sample in samples if sample.kind == kind])
        hits = here[:, 0] >= threshold
        rate, f1 = proportion(int(hits.sum()), len(hits)), here[hits, 1].mean()
        print(f"{name}, {kind}: TPR {rate}, AUC {auc(here[:, 0], untouched):.3f}, F1 where found {f1:.2f}")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m training.evaluation.copy_move", description=__doc__)
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE)
    cache: Path = parser.parse_args().cache
    train = measure(load_split(cache, "train"), _ROUNDS["train"], seed=1)
    test = measure(load_split(cache, "test"), _ROUNDS["test"], seed=2)
    weights = fit_logistic(*_design(train))
    strongest = max(sample.strength for sample in train if sample.kind == "untouched")
    print(f"weights {weights.round(3).tolist()}; strongest untouched picture of the train split: {strongest:.2f}")
    print(f"log loss, test: {log_loss(*_design(test), weights):.3f} nats")
    report(train, THRESHOLD, "train")
    report(test, THRESHOLD, "test")


def _design(samples: list[Sample]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Features (n, 1) and truth (n,) for a fit."""
    strengths = np.array([[sample.strength] for sample in samples])
    return strengths, np.array([sample.kind != "untouched" for sample in samples])


if __name__ == "__main__":
    main()
