"""Measures `video_edits` on films with known edits, and fits what it judges by.

    python -m training.evaluation.films [--cache DIR] [--scenarios TRAIN TEST] [--real DIR]

Films are camera moves over photographs: H.264 once, edited as pictures, and H.264 again at qualities from 18 to 36,
with and without edits alike. Joins and the calibration are fitted on films of the train split's photographs; the
figures are of the test split's, which are others. Films of one scenario share photographs and are not independent.
--real: a folder with unedited films of other kinds, of which every finding is told.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.limits import Limits
from core.sandbox.contract import Request
from detectors.films import joins
from detectors.films.edits import Edit, Settings, find
from detectors.films.parser import parse
from detectors.films.shots import shots
from detectors.films.timeline import read, steps_of
from training.corpora.photographs import DEFAULT_CACHE, load_split
from training.evaluation.filming.edits import KINDS
from training.evaluation.filming.scenarios import UNTOUCHED, Sample, films
from training.evaluation.filming.scoring import Outcome, f1, outcome
from training.evaluation.intervals import fit_logistic, log_loss, proportion

_RIDGE = 5.0  # a plane separates most joins from all else, and weights without a bound would overrate it


@dataclass(frozen=True, eq=False, slots=True)
class Measured:
    """One film. rows: `joins.features` of its steps by step, (n, 4); join: that of the true join, None where there is
    none or the step was not looked at. score: strength of the clearest edit, 0 for none.
    """

    outcome: Outcome
    edited: bool
    score: float
    rows: NDArray[np.float64]
    join: NDArray[np.float64] | None


def measure(samples: Iterable[Sample]) -> list[Measured]:
    """Everything that is asked of each film."""
    return [_measured(sample) for sample in samples]


def _measured(sample: Sample) -> Measured:
    edits, rows = _examined(sample.data)
    dropped = sample.truth is not None and sample.kind == "dropped"
    join = rows.get(sample.truth.start - 1) if sample.truth is not None and dropped else None
    table = np.array(list(rows.values())).reshape(-1, 4)
    score = max((edit.strength for edit in edits), default=0.0)
    return Measured(outcome(sample.kind, sample.truth, edits), sample.truth is not None, score, table, join)


def _examined(data: bytes) -> tuple[list[Edit], dict[int, NDArray[np.float64]]]:
    """The edits found in a film of our own, and the features of its steps."""
    timeline = read(parse(Request((data,), "video/mp4", Limits())))
    steps, settings = steps_of(timeline.pictures), Settings()
    parts = shots(steps)
    return find(timeline, steps, parts, settings), dict(joins.features(steps, parts, settings.joins))


def fit_joins(measured: Sequence[Measured]) -> NDArray[np.float64]:
    """Weights, bias last, from the features of true joins and of every step of untouched films."""
    true = np.array([each.join for each in measured if each.join is not None])
    others = np.concatenate([each.rows for each in measured if not each.edited])
    return fit_logistic(np.concatenate([true, others]), np.arange(len(true) + len(others)) < len(true), _RIDGE)


def report(measured: Sequence[Measured], name: str) -> None:
    """Prints what is found and what is found wrongly."""
    outcomes = [each.outcome for each in measured]
    for kind in KINDS:
        score, found, missed, wrong = f1(kind, outcomes)
        print(f"{name}, {kind}: F1 {score:.3f}, found {proportion(found, found + missed)}, wrong {wrong}")
    for kind in UNTOUCHED:
        here = [bool(one.wrong) for one in outcomes if one.kind == kind]
        print(f"{name}, {kind}: false positives {proportion(sum(here), len(here))}")
    for kind in KINDS:
        here = [each.score > 0 for each in measured if each.outcome.kind == kind]
        print(f"{name}, {kind}: film found to be edited, in whatever way {proportion(sum(here), len(here))}")


def real(folder: Path) -> None:
    """Prints what is found in each film of a folder."""
    for path in sorted(folder.glob("*.mp4")):
        edits, _ = _examined(path.read_bytes())
        print(f"{path.name}: {edits}")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m training.evaluation.films", description=__doc__)
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE)
    parser.add_argument("--scenarios", type=int, nargs=2, default=(32, 20), metavar=("TRAIN", "TEST"))
    parser.add_argument("--real", type=Path)
    arguments = parser.parse_args()
    cache: Path = arguments.cache
    train = measure(films(load_split(cache, "train"), arguments.scenarios[0], seed=1))
    weights = fit_joins(train)
    peaks = sorted(float((each.rows @ weights[:-1] + weights[-1]).max()) for each in train if not each.edited)
    print(f"joins: weights {weights.round(3).tolist()}; highest of untouched films {np.round(peaks[-5:], 2).tolist()}")
    report(train, "train")
    calibration = fit_logistic(*_design(train))
    print(f"calibration: weights {calibration.round(3).tolist()}")
    test = measure(films(load_split(cache, "test"), arguments.scenarios[1], seed=2))
    report(test, "test")
    print(f"log loss, test: {log_loss(*_design(test), calibration):.3f} nats")
    if arguments.real:
        real(arguments.real)


def _design(measured: Sequence[Measured]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Scores (n, 1) and truth (n,) for a fit."""
    return np.array([[each.score] for each in measured]), np.array([each.edited for each in measured])


if __name__ == "__main__":
    main()
