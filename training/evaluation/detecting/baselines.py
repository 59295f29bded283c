"""What a classifier reaches that never looks at the picture: by sizes and formats, or by the mean colour.

Each is a logistic regression whose figures are out of fold, photographs kept together: it learns from the very set, as
no detector may, so that it says how much of the set can be told without detecting anything.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from detectors.base import Verdict
from training.evaluation.detecting.looking import Look
from training.evaluation.detecting.passes import Facts
from training.evaluation.intervals import fit_logistic

Floats = NDArray[np.float64]
Describe: TypeAlias = Callable[[Facts], Sequence[float]]
_FOLDS = 5
_RIDGE = 1.0
_GRID = 64  # pixels: sides that many generators make are multiples of it
_FORMATS = ("image/jpeg", "image/png", "image/webp")


def of_size_and_format(facts: Facts) -> Sequence[float]:
    """Sides, their ratio, whether they are a generator's, the format and its quality."""
    width, height = facts.width, facts.height
    return (
        math.log(width),
        math.log(height),
        abs(math.log(width / height)),
        float(width == height),
        float(width % _GRID == 0 and height % _GRID == 0),
        *(float(facts.mime == mime) for mime in _FORMATS),
        facts.quality / 100,
    )


def of_mean_colour(facts: Facts) -> Sequence[float]:
    """Red, green and blue."""
    return [channel / 255 for channel in facts.colour]


SIZE_AND_FORMAT = "size and format only"
BASELINES: Mapping[str, Describe] = MappingProxyType(
    {SIZE_AND_FORMAT: of_size_and_format, "mean colour only": of_mean_colour}
)
"""By what they are called in reports."""


def looks_of(
    describe: Describe, facts: Sequence[Facts], truth: NDArray[np.bool_], photographs: Sequence[str]
) -> list[Look]:
    """What the baseline says of every file, by folds that had not seen its photograph."""
    odds = out_of_fold(np.array([describe(each) for each in facts], np.float64), truth, photographs)
    verdicts = {1.0: Verdict.DETECTED, -1.0: Verdict.NOT_DETECTED, 0.0: Verdict.ABSTAINED}
    return [Look(rank, rank, verdicts[float(np.sign(rank))], read=True) for rank in map(float, odds)]


def out_of_fold(features: Floats, truth: NDArray[np.bool_], groups: Sequence[str]) -> Floats:
    """log10 odds (n,) of features (n, k); 0 where a fold leaves nothing of a class to learn from."""
    folds, found = folds_of(truth, groups), np.zeros(len(truth))
    for fold in range(_FOLDS):
        here, learned = folds == fold, folds != fold
        if not here.any() or not truth[learned].any() or truth[learned].all():
            continue
        mean, deviation = features[learned].mean(axis=0), features[learned].std(axis=0)
        # What never varied among the learned says nothing of what does among the others.
        design = np.where(deviation > 1e-9, (features - mean) / np.maximum(deviation, 1e-9), 0.0)
        weights = fit_logistic(design[learned], truth[learned], _RIDGE)
        found[here] = np.clip(design[here] @ weights[:-1] + weights[-1], -20, 20) / math.log(10)
    return np.round(found, 6)


def folds_of(truth: NDArray[np.bool_], groups: Sequence[str]) -> NDArray[np.int64]:
    """The fold of each sample, (n,): groups whole, and dealt out so that every fold has its share of either class."""
    place: dict[str, int] = {}
    dealt = [0, 0]
    for positive, group in zip(truth.tolist(), groups, strict=True):
        if group not in place:
            place[group] = dealt[positive] % _FOLDS
            dealt[positive] += 1
    return np.array([place[group] for group in groups], np.int64)
