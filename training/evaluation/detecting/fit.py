"""Fits a calibration to the scores of pictures whose truth is known. Knows scores and no detector."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from core.errors import InvalidInput
from detectors.verdicts.calibration import HIGHEST_RATIO, SCORE_DIGITS, Calibration
from training.evaluation.detecting.groups import Floats, Groups, conformal, shares
from training.evaluation.intervals import wilson

_DIGITS = 6  # of figures in the file


def fit(
    scores: Sequence[float] | NDArray[np.floating[Any]],
    labels: Sequence[bool] | NDArray[np.bool_],
    groups: Groups,
    alpha: float = 0.03,
) -> Calibration:
    """The calibration of `scores` (n,), where `labels` are true for what is looked for.

    groups: the source photograph of each sample: those of one photograph count as one, however many they are.
    alpha: the share of either kind that may be judged wrongly. Where a cleverer detector leaves the two limits in the
    wrong order, what lies between them was hardly ever seen of either kind, and the limits change places: it abstains.

    Raises InvalidInput for scores that are not finite, lengths that differ, one class only, and for fewer photographs
    of either class than `alpha` needs.
    """
    values, truth, sources = np.asarray(scores, np.float64), np.asarray(labels, bool), np.asarray(groups)
    _check(values, truth, sources)
    values = np.round(values, SCORE_DIGITS)
    clean, found = sources[~truth], sources[truth]
    highest = conformal(values[~truth], clean, alpha)
    lowest = -conformal(-values[truth], found, alpha)
    absent_to, detected_from = sorted((_beyond(highest, math.inf), _beyond(lowest, -math.inf)))
    photographs = min(len(np.unique(clean)), len(np.unique(found)))
    knots, ratios = pav(values, truth, sources, min(HIGHEST_RATIO, math.log10(photographs)))
    weights = shares(clean)
    hits = float(weights[values[~truth] >= detected_from].sum())
    low, high = wilson(hits, len(np.unique(clean)))
    rate = hits / len(np.unique(clean))
    return Calibration(
        knots=knots,
        log10_lrs=ratios,
        detected_from=detected_from,
        absent_to=absent_to if absent_to < detected_from else math.nextafter(detected_from, -math.inf),
        fpr=rate,
        fpr_low=min(low, rate),
        fpr_high=max(high, rate),
        photographs=photographs,
    )


def pav(
    values: Floats, truth: NDArray[np.bool_], groups: NDArray[Any], bound: float
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Knots and log10 likelihood ratios of the pool-adjacent-violators fit, each at the middle of its pool.

    Both classes have the same weight, and every group of a class has the same. Source: Brümmer & du Preez (2006),
    "Application-independent evaluation of speaker detection".
    """
    weights = np.empty(len(values))
    for side in (truth, ~truth):
        each = shares(groups[side])
        weights[side] = each / each.sum()
    # Equal scores cannot have unequal ratios: they are one sample before anything is pooled.
    distinct, which = np.unique(values, return_inverse=True)
    weight = np.bincount(which, weights)
    share = np.bincount(which, weights * truth) / weight
    pooled = isotonic_regression(share, weights=weight)
    knots, ratios = [], []
    for start, end in pairwise(pooled.blocks):
        knots.append(float(np.average(distinct[start:end], weights=weight[start:end])))
        ratios.append(_ratio(float(pooled.x[start]), bound))
    return tuple(np.maximum.accumulate(knots).tolist()), tuple(ratios)


def _beyond(value: float, towards: float) -> float:
    """The next score in that direction: what is like `value` is no error yet."""
    step = math.copysign(10.0**-SCORE_DIGITS, towards)
    near, next_number = round(value + step, SCORE_DIGITS), math.nextafter(value, towards)
    return max(near, next_number) if towards > 0 else min(near, next_number)


def _ratio(chance: float, bound: float) -> float:
    """log10 of the odds, within the bound."""
    if chance <= 0.0 or chance >= 1.0:
        return math.copysign(bound, chance - 0.5)
    return min(bound, max(-bound, round(math.log10(chance / (1.0 - chance)), _DIGITS)))


def _check(values: Floats, truth: NDArray[np.bool_], groups: NDArray[Any]) -> None:
    if not values.shape == truth.shape == groups.shape or values.ndim != 1:
        found = f"{values.shape}, {truth.shape}, {groups.shape}"
        raise InvalidInput(f"scores, labels and groups differ in shape: {found}", field="scores", found=found)
    if not np.isfinite(values).all():
        raise InvalidInput("a score is not finite", field="scores", found=str(values[~np.isfinite(values)][0]))
    if truth.all() or not truth.any():
        raise InvalidInput("a calibration needs both classes", field="labels", found=f"{int(truth.sum())} positives")
