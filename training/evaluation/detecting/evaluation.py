"""A detector's whole evaluation: all files, each generator, each delivery, each beside the baselines.

Knows passes and figures, not how files are opened or tables are printed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import default_rng
from numpy.typing import NDArray

from detectors.base import Detector, Verdict
from training.evaluation.detecting.baselines import BASELINES, looks_of
from training.evaluation.detecting.figures import Figures, measure
from training.evaluation.detecting.listing import Label
from training.evaluation.detecting.looking import Look
from training.evaluation.detecting.masks import Overlap
from training.evaluation.detecting.passes import Pass, Seen
from training.evaluation.detecting.ranking import Interval
from training.evaluation.detecting.tasks import TASKS

_ROUNDS = 2000


@dataclass(frozen=True, slots=True)
class Part:
    """Figures of some files, and of every baseline on the same, by its name."""

    figures: Figures
    baselines: Mapping[str, Figures]


@dataclass(frozen=True, slots=True)
class Step:
    """After one delivery. flipped: share of files whose verdict went from one to the other. changed: of those whose
    verdict became any other, to and from abstentions too.
    """

    part: Part
    flipped: Interval
    changed: Interval


@dataclass(frozen=True, slots=True)
class Located:
    """Means over the files that have masks, of pixels. No map marks nothing; a detector that drew none at all has no
    such figures. everything: F1 of marking all pixels.
    """

    f1: Interval
    iou: Interval
    everything: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Of one detector. generators, steps: by name; steps in the order in which they were taken."""

    detector: str
    version: str
    label: Label
    whole: Part
    generators: Mapping[str, Part]
    steps: Mapping[str, Step]
    located: Located | None


def evaluate(detector: Detector, passes: Sequence[Pass]) -> Evaluation | None:
    """From passes over the same files, of which the first is over files as they are. None where one of the two classes
    that the detector is measured on is missing.
    """
    return of_looks(detector.name, detector.version, TASKS[detector.name], passes)


def of_looks(detector: str, version: str, label: Label, passes: Sequence[Pass]) -> Evaluation | None:
    """As `evaluate`, of looks that stand in the passes under that name."""
    first, *others = [_Of(each, detector) for each in passes]
    if first.truth.all() or not first.truth.any():
        return None
    names = sorted({each.row.generator for each in first.seen} - {""})
    made_by = np.array([each.row.generator for each in first.seen])
    return Evaluation(
        detector=detector,
        version=version,
        label=label,
        whole=first.part(),
        generators={
            name: first.part(~first.truth | (made_by == name))
            for name in names
            if (first.truth & (made_by == name)).any()
        },
        steps={each.step: Step(each.part(), *_flips(first.looks, each.looks, first.photographs)) for each in others},
        located=_located(first),
    )


class _Of:
    """What one detector said in one pass, beside what baselines say of the same files."""

    def __init__(self, one: Pass, name: str) -> None:
        self.step = one.step
        self.seen: list[Seen] = [each for each in one.seen if name in each.looks]
        self.looks: list[Look] = [each.looks[name] for each in self.seen]
        self.truth: NDArray[np.bool_] = np.array([each.row.label is not Label.REAL for each in self.seen], bool)
        self.photographs = [each.row.photograph for each in self.seen]
        facts = [each.facts for each in self.seen]
        self._baselines = {
            baseline: looks_of(describe, facts, self.truth, self.photographs)
            for baseline, describe in BASELINES.items()
        }

    def part(self, chosen: NDArray[np.bool_] | None = None) -> Part:
        """Of the chosen files (n,), or all."""
        at = np.flatnonzero(np.ones(len(self.seen), bool) if chosen is None else chosen)
        truth, photographs = self.truth[at], [self.photographs[each] for each in at]
        found = {
            name: measure([looks[each] for each in at], truth, photographs)
            for name, looks in {"": self.looks, **self._baselines}.items()
        }
        return Part(found.pop(""), found)


def _flips(before: Sequence[Look], after: Sequence[Look], photographs: Sequence[str]) -> tuple[Interval, Interval]:
    pairs = [(one.verdict, other.verdict) for one, other in zip(before, after, strict=True)]
    changed = [pair[0] is not pair[1] for pair in pairs]
    flipped = [change and Verdict.ABSTAINED not in pair for change, pair in zip(changed, pairs, strict=True)]
    return Interval.share(flipped, photographs), Interval.share(changed, photographs)


def _located(found: _Of) -> Located | None:
    there = [(look.overlap, name) for look, name in zip(found.looks, found.photographs, strict=True) if look.overlap]
    if not any(each.drawn for each, _ in there):
        return None
    overlaps: list[Overlap] = [each for each, _ in there]
    names = [name for _, name in there]
    return Located(
        f1=mean_interval([each.f1 for each in overlaps], names),
        iou=mean_interval([each.iou for each in overlaps], names),
        everything=sum(each.everything for each in overlaps) / len(overlaps),
    )


def mean_interval(values: Sequence[float], groups: Sequence[str], seed: int = 1) -> Interval:
    """Of a mean over samples, by a bootstrap that draws whole groups."""
    _, which = np.unique(np.asarray(groups), return_inverse=True)
    sums, counts = np.bincount(which, values), np.bincount(which)
    drawn = default_rng(seed).integers(len(counts), size=(_ROUNDS, len(counts)))
    low, high = np.percentile(sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1), (2.5, 97.5))
    return Interval(sum(values) / len(values), float(low), float(high), len(values))
