"""Measures the trace of an earlier JPEG compression on photographs, and fits the calibration of `jpeg_history`.

    python -m training.evaluation.jpeg_history [--cache DIR]

Every photograph is compressed once, and several times twice, at random qualities. Fitted on the train split, reported
on the test split, whose photographs are others. The photographs were halved before, which removes most of their own
compression. Positives for the fit are those that can be known: the first quality at least 3 below the second.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.media import Pixels
from core.parsers import jpeg
from detectors.double_quantisation import Settings, Trace, trace
from detectors.jpeg_history import LEAST_BLOCKS, features
from training.corpora.photographs import DEFAULT_CACHE, load_split
from training.evaluation.forgeries import from_jpeg, to_jpeg
from training.evaluation.intervals import auc, fit_logistic, log_loss, proportion

MARGIN = 3
_SECOND, _FIRST = (60, 97), (50, 97)  # ranges of IJG quality


@dataclass(frozen=True, slots=True)
class Sample:
    """One measurement. first: quality of the earlier compression, 0 for none. second: of the file's own."""

    first: int
    second: int
    found: Trace

    @property
    def knowable(self) -> bool:
        """Compressed twice, the first time coarser."""
        return 0 < self.first <= self.second - MARGIN


def measure(photographs: dict[str, Pixels], singles: int, doubles: int, seed: int) -> list[Sample]:
    """`singles` files compressed once and `doubles` compressed twice of each photograph."""
    samples = []
    for name in sorted(photographs):
        rng = np.random.default_rng([seed, *name.encode()])
        for turn in range(singles + doubles):
            second = int(rng.integers(*_SECOND, endpoint=True))
            first = int(rng.integers(*_FIRST, endpoint=True)) if turn >= singles else 0
            pixels = from_jpeg(to_jpeg(photographs[name], first)) if first else photographs[name]
            view = jpeg.read(to_jpeg(pixels, second))
            found = trace(view.arrays["luma"], view.arrays["tables"][0], Settings())
            if found.blocks >= LEAST_BLOCKS:
                samples.append(Sample(first, second, found))
    return samples


def report(samples: list[Sample], threshold: float, name: str) -> None:
    """Prints false and true positives at a threshold on the gain."""
    once = np.array([sample.found.gain for sample in samples if not sample.first])
    print(f"{name}, once: FPR {proportion(int((once >= threshold).sum()), len(once))}")
    groups: dict[str, Callable[[Sample], bool]] = {
        "first ≤ second − 10": lambda s: s.first <= s.second - 10,
        "first 3–9 below": lambda s: s.second - 10 < s.first <= s.second - MARGIN,
        "within 2": lambda s: abs(s.first - s.second) < MARGIN,
        "first ≥ second + 3": lambda s: s.first >= s.second + MARGIN,
    }
    for group, belongs in groups.items():
        gains = np.array([sample.found.gain for sample in samples if sample.first and belongs(sample)])
        hits = proportion(int((gains >= threshold).sum()), len(gains))
        print(f"{name}, {group}: TPR {hits}, AUC {auc(gains, once):.3f}")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m training.evaluation.jpeg_history", description=__doc__)
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE)
    cache: Path = parser.parse_args().cache
    train = measure(load_split(cache, "train"), singles=2, doubles=3, seed=1)
    test = measure(load_split(cache, "test"), singles=3, doubles=8, seed=2)
    used = [sample for sample in train if not sample.first or sample.knowable]
    truth = np.array([sample.knowable for sample in used])
    weights = fit_logistic(np.array([features(sample.found) for sample in used]), truth)
    once = np.array([sample.found.gain for sample in train if not sample.first])
    threshold = float(np.quantile(once, 0.98, method="higher"))
    print(
        f"weights {weights.round(3).tolist()}, threshold {threshold:.3f} (98% of the train split's single files below)"
    )
    held = [sample for sample in test if not sample.first or sample.knowable]
    held_truth = np.array([sample.knowable for sample in held])
    print(f"log loss, test: {log_loss(np.array([features(s.found) for s in held]), held_truth, weights):.3f} nats")
    report(train, threshold, "train")
    report(test, threshold, "test")


if __name__ == "__main__":
    main()
