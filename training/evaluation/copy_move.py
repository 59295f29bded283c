"""Measures `copy_move` on scripted forgeries of photographs, and fits its calibration.

    python -m training.evaluation.copy_move [--cache DIR] [--every N]

Every photograph stays as it is, at three sizes; is forged by a plain copy, and by a turned and scaled one; 5–15% of
the area, places drawn without looking, and again from the smoothest of sixteen places; all are then stored as JPEG of
quality 75–95. Fitted on the train split, reported on the test split, whose photographs are others. The three sizes of a
photograph are not independent, nor are its forgeries. Drawings, pages of text and walls are no part of the fit.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from core.media import Pixels
from detectors.copies import Settings, search
from detectors.copy_move import CALIBRATION, marked, readable, undecided
from training.corpora.photographs import DEFAULT_CACHE, load_split
from training.evaluation.forgeries import CopyMove, draw, forge, from_jpeg, to_jpeg
from training.evaluation.intervals import auc, fit_logistic, log_loss, proportion
from training.evaluation.look_alikes import kinds

UNTOUCHED = "untouched"
KINDS = {"copied": (False, 1), "turned": (True, 1), "smooth copied": (False, 16), "smooth turned": (True, 16)}
"""Of forgeries: whether they are turned and scaled, and of how many places the smoothest is copied."""
_QUALITY = (75, 95)
_GOOD = 85  # quality that still holds noise
_TRIES = 5
_LOOK_ALIKES = 40  # of each kind
_VIEWS = 3  # of every untouched photograph, at different sizes


@dataclass(frozen=True, slots=True)
class Sample:
    """One picture. kind: "untouched" or one of `KINDS`. quality: of its JPEG. strengths: see `Copies`, all 0 where the
    picture is too plain to search. found: whether one is enough. undecided: whether none is and all together are too
    much for none. f1: of the mask, where something was found.
    """

    kind: str
    quality: int
    strengths: tuple[float, float, float]
    found: bool
    undecided: bool
    f1: float


def measure(photographs: Mapping[str, Pixels], seed: int) -> Iterator[Sample]:
    """Untouched pictures and one forgery of each kind of every photograph."""
    for name in sorted(photographs):
        rng = np.random.default_rng([seed, *name.encode()])
        for scale in np.linspace(1.0, 0.6, _VIEWS):
            view = cv2.resize(photographs[name], None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            yield sampled(UNTOUCHED, np.asarray(view, dtype=np.uint8), None, rng)
        for kind, (turned, choices) in KINDS.items():
            forged = _forge(photographs[name], turned, choices, rng)
            if forged is not None:
                yield sampled(kind, *forged, rng)


def look_alikes(cache: Path, count: int, seed: int) -> Iterator[Sample]:
    """`count` pictures of each kind in which nothing was copied."""
    for kind, make in kinds(cache).items():
        rng = np.random.default_rng([seed, *kind.encode()])
        for _ in range(count):
            yield sampled(kind, make(rng), None, rng)


def _forge(
    pixels: Pixels, turned: bool, choices: int, rng: np.random.Generator
) -> tuple[Pixels, NDArray[np.bool_]] | None:
    """None where the drawn patch finds no place, as in narrow pictures."""
    for _ in range(_TRIES):
        how: CopyMove = replace(draw(rng, transformed=turned), choices=choices)
        try:
            return forge(pixels, how, rng)
        except ValueError:
            continue
    return None


def sampled(kind: str, pixels: Pixels, truth: NDArray[np.bool_] | None, rng: np.random.Generator) -> Sample:
    """What the detector's searches say of a picture once it was stored."""
    quality = int(rng.integers(*_QUALITY, endpoint=True))
    found = search(from_jpeg(to_jpeg(pixels, quality)), Settings())
    if not readable(found):
        return Sample(kind, quality, (0.0, 0.0, 0.0), found=False, undecided=False, f1=0.0)
    f1 = 0.0
    if truth is not None and found.convincing:
        marks = marked(found.convincing, (truth.shape[1], truth.shape[0]))
        f1 = float(2 * (marks & truth).sum() / (marks.sum() + truth.sum()))
    return Sample(kind, quality, found.strengths, bool(found.convincing), undecided(found), f1)


def report(samples: list[Sample], name: str) -> None:
    """Prints what is found of each kind, of all qualities and of good ones."""
    untouched = [each for each in samples if each.kind == UNTOUCHED]
    print(f"{name}, {UNTOUCHED}: FPR {_rate(untouched)}, undecided {_undecided(untouched)}")
    clean = _odds(untouched)
    for kind in KINDS:
        here = [each for each in samples if each.kind == kind]
        f1 = np.mean([each.f1 for each in here if each.found] or [0.0])
        print(
            f"{name}, {kind}: TPR {_rate(here)}, AUC {auc(_odds(here), clean):.3f}, F1 where found {f1:.2f}, "
            f"undecided {_undecided(here)}"
        )
        for label, good in ((f"below {_GOOD}", False), (f"from {_GOOD} on", True)):
            print(f"    JPEG {label}: {_rate(each for each in here if (each.quality >= _GOOD) is good)}")
        print(f"    by keypoints alone: {proportion(sum(each.strengths[0] >= _PLAIN for each in here), len(here))}")


_PLAIN = Settings().plain.strong


def _rate(samples: Iterable[Sample]) -> str:
    found = [sample.found for sample in samples]
    return proportion(sum(found), len(found))


def _undecided(samples: list[Sample]) -> str:
    return f"{sum(sample.undecided for sample in samples)}/{len(samples)}"


def _odds(samples: list[Sample]) -> NDArray[np.float64]:
    odds: NDArray[np.float64] = np.array([sample.strengths for sample in samples]) @ np.array(CALIBRATION.weights)
    return odds


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m training.evaluation.copy_move", description=__doc__)
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE)
    parser.add_argument("--every", type=int, default=1, help="fit on every Nth photograph of the train split alone")
    arguments = parser.parse_args()
    cache: Path = arguments.cache
    photographs = load_split(cache, "train")
    chosen = {name: photographs[name] for name in sorted(photographs)[arguments.every - 1 :: arguments.every]}
    train = list(measure(chosen, seed=1))
    weights = fit_logistic(*_design(train))
    clean = np.array([sample.strengths for sample in train if sample.kind == UNTOUCHED])
    print(f"weights {weights.round(3).tolist()}; strongest untouched of the train split: {clean.max(axis=0).round(2)}")
    report(train, "train")
    test = list(measure(load_split(cache, "test"), seed=2))
    print(f"log loss, test: {log_loss(*_design(test), weights):.3f} nats")
    report(test, "test")
    others = list(look_alikes(cache, _LOOK_ALIKES, seed=4))  # limits were set on pictures of seed 3
    for kind in dict.fromkeys(each.kind for each in others):
        here = [each for each in others if each.kind == kind]
        print(f"{kind}: FPR {_rate(here)}, undecided {_undecided(here)}")


def _design(samples: list[Sample]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Features (n, 3) and truth (n,) for a fit."""
    return np.array([each.strengths for each in samples]), np.array([each.kind != UNTOUCHED for each in samples])


if __name__ == "__main__":
    main()
