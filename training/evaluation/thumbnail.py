"""Measures how thumbnails are held against their pictures, on photographs, and fits the calibration of `thumbnail`.

    python -m training.evaluation.thumbnail [--cache DIR]

Every photograph gets a thumbnail of 160 × 120, with black bars or without, reduced by one of three filters, of JPEG
quality 60–90. Then it stays as it is, is coded again, gets other tones all over, is cropped, or is manipulated in a
part. Fitted on the train split, reported on the test split, whose photographs are others. The thumbnails are scripted:
cameras have other filters and tone curves, which nobody measured here.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.random import Generator

from core.media import Pixels
from detectors.thumbnail import THRESHOLD, compare, features
from training.corpora.photographs import DEFAULT_CACHE, load_split
from training.evaluation.forgeries import from_jpeg, to_jpeg
from training.evaluation.intervals import auc, fit_logistic, log_loss, proportion
from training.forensics.scripted import regions

KINDS = ("coded again", "other tones", "cropped to .95", "cropped to .8", "another part pasted")
UNTOUCHED = 2
"""So many of `KINDS`, from the first on, leave the content as it was."""
_SIZE = (160, 120)
_FILTERS = (cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_CUBIC)
_BELOW = 0.98  # share of the train split's untouched pictures below the threshold
_PART = (0.01, 0.1)  # of the area


@dataclass(frozen=True, slots=True)
class Sample:
    """One picture and its thumbnail: the largest difference, and what the calibration reads of it."""

    kind: str
    most: float
    read: float


def measure(photographs: Mapping[str, Pixels], seed: int) -> list[Sample]:
    """One sample of every kind and photograph."""
    found = []
    for name in sorted(photographs):
        random = np.random.default_rng([seed, *name.encode()])
        photograph = photographs[name]
        small = thumbnail_of(photograph, random)
        for kind in KINDS:
            stored = from_jpeg(to_jpeg(_changed(photograph, kind, random), int(random.integers(60, 98))))
            seen = compare(stored, small)
            found.append(Sample(kind, seen.most, features(seen)[0]))
    return found


def thumbnail_of(photograph: Pixels, random: Generator) -> Pixels:
    """RGB uint8, 160 × 120 or the other way round: with bars, as cameras fill it, or as large as fits into it."""
    size = _SIZE if photograph.shape[1] >= photograph.shape[0] else _SIZE[::-1]
    scale = min(size[0] / photograph.shape[1], size[1] / photograph.shape[0])
    inner = tuple(max(1, round(length * scale)) for length in photograph.shape[1::-1])
    # Reduced in two steps, as the filters without antialiasing would skip most pixels.
    near = cv2.resize(photograph, (2 * inner[0], 2 * inner[1]), interpolation=cv2.INTER_AREA)
    made = np.asarray(cv2.resize(near, inner, interpolation=int(random.choice(_FILTERS))), dtype=np.uint8)
    if random.random() < 0.5:
        below, right = size[1] - inner[1], size[0] - inner[0]
        made = np.pad(made, ((below // 2, below - below // 2), (right // 2, right - right // 2), (0, 0)))
    return from_jpeg(to_jpeg(made, int(random.integers(60, 91))))


def _changed(photograph: Pixels, kind: str, random: Generator) -> Pixels:
    if kind == "other tones":
        curve = 255 * (np.arange(256) / 255) ** random.uniform(0.6, 1.6) * random.uniform(0.8, 1.2)
        return np.clip(curve, 0, 255).round().astype(np.uint8)[photograph]
    if kind.startswith("cropped"):
        share = float(kind.rpartition(" ")[2])
        height, width = (round(length * share) for length in photograph.shape[:2])
        top, left = (
            int(random.integers(photograph.shape[0] - height + 1)),
            int(random.integers(photograph.shape[1] - width + 1)),
        )
        return np.ascontiguousarray(photograph[top : top + height, left : left + width])
    if kind == "another part pasted":
        side = min(photograph.shape[:2])
        mask = np.zeros(photograph.shape[:2], np.float32)
        mask[:side, :side] = regions.draw(random, side, *_PART)
        mask = np.roll(mask, int(random.integers(photograph.shape[1] - side + 1)), axis=1)
        other = np.roll(photograph, tuple(length // 2 for length in photograph.shape[:2]), axis=(0, 1))
        return np.where(mask[..., None] > 0, other, photograph)
    return photograph


def report(samples: list[Sample], threshold: float, name: str) -> None:
    """Prints the share above a threshold on the largest difference, by kind."""
    clean = np.array([sample.most for sample in samples if sample.kind in KINDS[:UNTOUCHED]])
    for kind in KINDS:
        values = np.array([sample.most for sample in samples if sample.kind == kind])
        above = proportion(int((values >= threshold).sum()), len(values))
        print(f"{name}, {kind}: {above}, AUC {auc(values, clean):.3f}, median {np.median(values):.1f}")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m training.evaluation.thumbnail", description=__doc__)
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE)
    cache: Path = parser.parse_args().cache
    train = measure(load_split(cache, "train"), seed=1)
    test = measure(load_split(cache, "test"), seed=2)
    design = [np.array([[sample.read] for sample in each]) for each in (train, test)]
    truth = [np.array([sample.kind not in KINDS[:UNTOUCHED] for sample in each]) for each in (train, test)]
    weights = fit_logistic(design[0], truth[0])
    clean = np.array([sample.most for sample in train if sample.kind in KINDS[:UNTOUCHED]])
    threshold = float(np.quantile(clean, _BELOW, method="higher"))
    print(f"weights {weights.round(3).tolist()}, threshold {threshold:.2f} ({_BELOW:.0%} of the untouched below)")
    print(f"log loss, test: {log_loss(design[1], truth[1], weights):.3f} nats")
    for chosen in (threshold, THRESHOLD):
        report(train, chosen, f"train at {chosen:.1f}")
        report(test, chosen, f"test at {chosen:.1f}")


if __name__ == "__main__":
    main()
