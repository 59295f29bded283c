"""Fits a calibration to the scores of pictures whose truth is known. Knows scores and no detector."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import InvalidInput
from detectors.verdicts.calibration import HIGHEST_RATIO, SCORE_DIGITS, Calibration
from training.evaluation.detecting.crossing import Held, Mask, dealt, held_out
from training.evaluation.detecting.groups import Floats, Groups, conformal, needed, shares
from training.evaluation.detecting.pooling import pav
from training.evaluation.intervals import wilson


@dataclass(frozen=True, eq=False, slots=True)
class Fitted:
    """The calibration of all samples, and what calibrations that did not know a sample say of it."""

    calibration: Calibration
    held: Held


def fit(
    scores: Sequence[float] | NDArray[np.floating[Any]],
    labels: Sequence[bool] | NDArray[np.bool_],
    groups: Groups,
    alpha: float = 0.03,
    makers: Groups | None = None,
) -> Calibration:
    """The calibration of `fitted`, alone."""
    return fitted(scores, labels, groups, alpha, makers).calibration


def fitted(
    scores: Sequence[float] | NDArray[np.floating[Any]],
    labels: Sequence[bool] | NDArray[np.bool_],
    groups: Groups,
    alpha: float = 0.03,
    makers: Groups | None = None,
) -> Fitted:
    """The calibration of `scores` (n,), where `labels` are true for what is looked for.

    groups: the source photograph of each sample: those of one photograph count as one, however many they are.
    alpha: the share of either kind that may be judged wrongly. Where a cleverer detector leaves the two limits in the
    wrong order, what lies between them was hardly ever seen of either kind, and the limits change places: it abstains.
    A limit beyond which scores are likelier of the other kind moves out to where they no longer are.
    makers: what made each sample, looked at where `labels` are true; without, each photograph's is its own.

    The rate of false positives is not that of the limit on the photographs that set it: it is counted on photographs
    that were left out in turn, see `crossing`.

    Raises InvalidInput for scores that are not finite, lengths that differ, one class only, and for fewer photographs
    of either class than `alpha` needs, with any part left out.
    """
    values, truth, sources = np.asarray(scores, np.float64), np.asarray(labels, bool), np.asarray(groups)
    made_by = None if makers is None else np.asarray(makers)
    _check(values, truth, sources, made_by)
    values = np.round(values, SCORE_DIGITS)

    def learn(chosen: Mask) -> Calibration:
        return _learned(values[chosen], truth[chosen], sources[chosen], alpha)

    whole = learn(np.ones(len(values), bool))
    held = held_out(values, dealt(truth, sources, made_by, needed(alpha)), learn)
    clean = sources[~truth]
    photographs = len(np.unique(clean))
    hits = float(shares(clean)[held.detected[~truth]].sum())
    low, high = wilson(hits, photographs)
    rate = min(1.0, hits / photographs)
    return Fitted(replace(whole, fpr=rate, fpr_low=min(low, rate), fpr_high=max(high, rate)), held)


def _learned(values: Floats, truth: Mask, sources: NDArray[Any], alpha: float) -> Calibration:
    """Ratios and limits of these samples. Its rate is yet to be counted: anything from 0 to 1."""
    clean, found = sources[~truth], sources[truth]
    highest = conformal(values[~truth], clean, alpha)
    lowest = -conformal(-values[truth], found, alpha)
    absent_to, detected_from = sorted((_beyond(highest, math.inf), _beyond(lowest, -math.inf)))
    absent_to = absent_to if absent_to < detected_from else math.nextafter(detected_from, -math.inf)
    photographs = min(len(np.unique(clean)), len(np.unique(found)))
    knots, ratios = pav(values, truth, sources, min(HIGHEST_RATIO, math.log10(photographs)))
    return Calibration(
        knots=knots,
        log10_lrs=ratios,
        detected_from=_backed(detected_from, knots, ratios, 1),
        absent_to=_backed(absent_to, knots, ratios, -1),
        fpr=0.0,
        fpr_low=0.0,
        fpr_high=1.0,
        photographs=photographs,
    )


def _backed(limit: float, knots: Sequence[float], ratios: Sequence[float], side: int) -> float:
    """The limit, or the first score beyond it whose ratio does not speak against its verdict: a quantile promises how
    rarely one kind is beyond it, and not that the other kind is there more often.

    side: 1 for `detected_from`, beyond which scores are higher, and -1 for `absent_to`. `pav` has a pool for either.
    """
    if side * np.interp(limit, knots, ratios) < 0:
        agree = np.flatnonzero(side * np.asarray(ratios) >= 0)
        right = int(agree[0] if side > 0 else agree[-1])
        wrong = right - side
        part = ratios[wrong] / (ratios[wrong] - ratios[right])
        limit = round(knots[wrong] + (knots[right] - knots[wrong]) * part, SCORE_DIGITS)
    while side * np.interp(limit, knots, ratios) < 0:  # by rounding
        limit = _beyond(limit, side * math.inf)
    return limit


def _beyond(value: float, towards: float) -> float:
    """The next score in that direction: what is like `value` is no error yet."""
    step = math.copysign(10.0**-SCORE_DIGITS, towards)
    near, next_number = round(value + step, SCORE_DIGITS), math.nextafter(value, towards)
    return max(near, next_number) if towards > 0 else min(near, next_number)


def _check(values: Floats, truth: Mask, groups: NDArray[Any], makers: NDArray[Any] | None) -> None:
    shapes = [each.shape for each in (values, truth, groups, makers) if each is not None]
    if len(set(shapes)) > 1 or values.ndim != 1:
        found = ", ".join(map(str, shapes))
        raise InvalidInput(f"scores, labels, groups and makers differ in shape: {found}", field="scores", found=found)
    if not np.isfinite(values).all():
        raise InvalidInput("a score is not finite", field="scores", found=str(values[~np.isfinite(values)][0]))
    if truth.all() or not truth.any():
        raise InvalidInput("a calibration needs both classes", field="labels", found=f"{int(truth.sum())} positives")
