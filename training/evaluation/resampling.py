"""Measures the trace of interpolation on photographs, and fits the calibration of `resampling`.

    python -m training.evaluation.resampling [--cache DIR]

Every photograph is stored as it is and scaled, both without loss and as JPEG of four qualities. Fitted on the train
split without loss and at quality 85 and above; reported on the test split, whose photographs are others. All of the
corpus's photographs were halved or more, with an antialiasing filter, and count as not resampled: that leaves no line.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from core.media import Pixels
from detectors.interpolation import Settings, strongest
from detectors.resampling import KNOWABLE_QUALITY, LEAST_SIDE, features
from training.corpora.photographs import DEFAULT_CACHE, load_split
from training.evaluation.forgeries import from_jpeg, to_jpeg
from training.evaluation.intervals import auc, fit_logistic, log_loss, proportion

QUALITIES = (0, 95, 90, 85, 75)
"""IJG qualities; 0: stored without loss."""
GROUPS: Mapping[str, tuple[float, float]] = {
    "enlarged by 1.3–2": (1.3, 2.0),
    "enlarged by 1.05–1.3": (1.05, 1.3),
    "reduced to .7–.95": (0.7, 0.95),
    "reduced to .5–.7": (0.5, 0.7),
}
_FILTERS = (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4)
_BELOW = 0.98  # share of the train split's untouched pictures below the threshold


@dataclass(frozen=True, slots=True)
class Sample:
    """One measurement. scale: 1 for none. quality: 0 for none."""

    scale: float
    quality: int
    strength: float

    @property
    def knowable(self) -> bool:
        """What the calibration is fitted on: enlarged or not scaled at all, and not coded coarsely."""
        return self.scale >= 1 and (not self.quality or self.quality >= KNOWABLE_QUALITY)


def measure(photographs: Mapping[str, Pixels], seed: int) -> list[Sample]:
    """Of every photograph, itself and one of every group, in every quality."""
    found = []
    for name in sorted(photographs):
        random = np.random.default_rng([seed, *name.encode()])
        for low, high in ((1.0, 1.0), *GROUPS.values()):
            scale = float(random.uniform(low, high))
            pixels = _scaled(photographs[name], scale, int(random.choice(_FILTERS)))
            if min(pixels.shape[:2]) < LEAST_SIDE:
                continue
            for quality in QUALITIES:
                stored = from_jpeg(to_jpeg(pixels, quality)) if quality else pixels
                found.append(Sample(scale, quality, strongest(stored, Settings()).strength))
    return found


def _scaled(pixels: Pixels, scale: float, filter_: int) -> Pixels:
    """Without antialiasing, as most programs enlarge and many reduce."""
    if scale == 1:
        return pixels
    return np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=filter_), dtype=np.uint8)


def report(samples: list[Sample], threshold: float, name: str) -> None:
    """Prints false and true positives at a threshold on the strength, by group and quality."""
    for quality in QUALITIES:
        here = [sample for sample in samples if sample.quality == quality]
        clean = np.array([sample.strength for sample in here if sample.scale == 1])
        stored = f"quality {quality}" if quality else "no loss"
        print(f"{name}, {stored}, untouched: FPR {proportion(int((clean >= threshold).sum()), len(clean))}")
        for group, (low, high) in GROUPS.items():
            values = np.array([sample.strength for sample in here if low <= sample.scale <= high and sample.scale != 1])
            hits = proportion(int((values >= threshold).sum()), len(values))
            print(f"{name}, {stored}, {group}: TPR {hits}, AUC {auc(values, clean):.3f}")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m training.evaluation.resampling", description=__doc__)
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE)
    cache: Path = parser.parse_args().cache
    train = measure(load_split(cache, "train"), seed=1)
    test = measure(load_split(cache, "test"), seed=2)
    used, held = ([sample for sample in each if sample.knowable] for each in (train, test))
    design = [np.array([features(sample.strength) for sample in each]) for each in (used, held)]
    truth = [np.array([sample.scale > 1 for sample in each]) for each in (used, held)]
    weights = fit_logistic(design[0], truth[0])
    clean = np.array([sample.strength for sample in used if sample.scale == 1])
    threshold = float(np.quantile(clean, _BELOW, method="higher"))
    print(f"weights {weights.round(3).tolist()}, threshold {threshold:.3f} ({_BELOW:.0%} of the untouched below)")
    print(f"log loss, test: {log_loss(design[1], truth[1], weights):.3f} nats")
    report(train, threshold, "train")
    report(test, threshold, "test")


if __name__ == "__main__":
    main()
