"""How well scores rank one class above another, with intervals. Knows numbers; does not know what was scored.

Intervals are 95%. DeLong's is for independent samples; where several come from one photograph, photographs are drawn
again (a cluster bootstrap).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from training.evaluation.intervals import wilson

Floats = NDArray[np.float64]
Truth = NDArray[np.bool_]
_Z = 1.959964
_ROUNDS = 2000


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its 95% interval. count: samples, or for a share its trials."""

    value: float
    low: float
    high: float
    count: int

    @classmethod
    def share(cls, hits: Sequence[bool] | Truth, groups: Sequence[Any]) -> Interval:
        """Of the hits among samples (n,), by Wilson, as if each group were one trial that hit in part: samples of
        one photograph say little more than one. Of nothing: not a number, and anything is possible.
        """
        trials = len(groups)
        value = sum(map(bool, hits)) / trials if trials else math.nan
        independent = len(set(groups))
        low, high = wilson(value * independent, independent) if trials else (0.0, 1.0)
        return cls(value, low, high, trials)


def auc(scores: Floats, truth: Truth) -> float:
    """Area under the ROC curve of scores (n,), ties counting half. Not a number without both classes."""
    positives, negatives = int(truth.sum()), int((~truth).sum())
    if not positives or not negatives:
        return math.nan
    ranks = rankdata(scores)
    return float((ranks[truth].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def auc_interval(scores: Floats, truth: Truth, groups: Sequence[Any]) -> Interval:
    """By DeLong where every sample has a group of its own, by the bootstrap where not."""
    alone = len(set(groups)) == len(groups)
    return delong(scores, truth) if alone else bootstrapped(scores, truth, groups)


def _of_a_bound(value: float, trials: int) -> tuple[float, float]:
    """The interval of an area of 0 or 1: that of a share of none among so many trials of the rarer class."""
    room = wilson(0, trials)[1]
    return max(0.0, value - room), min(1.0, value + room)


def delong(scores: Floats, truth: Truth) -> Interval:
    """On the scale of the log odds, so that it stays within 0 and 1.

    At an area of 0 or 1, and with less than two samples of a class, nothing varies that could be measured: the interval
    is then that of a share of none among as many trials as the rarer class has samples. Source: DeLong et al. (1988),
    Biometrics 44; Sun & Xu (2014) for the ranks; Qin & Hotilovac (2008) for the scale.
    """
    value, count = auc(scores, truth), len(scores)
    positives, negatives = int(truth.sum()), int((~truth).sum())
    if math.isnan(value):
        return Interval(value, 0.0, 1.0, count)
    if value in (0.0, 1.0) or min(positives, negatives) < 2:
        return Interval(value, *_of_a_bound(value, min(positives, negatives)), count)
    ranks = rankdata(scores)
    above = (ranks[truth] - rankdata(scores[truth])) / negatives
    below = 1 - (ranks[~truth] - rankdata(scores[~truth])) / positives
    deviation = math.sqrt(above.var(ddof=1) / positives + below.var(ddof=1) / negatives)
    odds, half = math.log(value / (1 - value)), _Z * deviation / (value * (1 - value))
    low, high = (1 / (1 + math.exp(-min(50.0, max(-50.0, each)))) for each in (odds - half, odds + half))
    return Interval(value, low, high, count)


def bootstrapped(scores: Floats, truth: Truth, groups: Sequence[Any], rounds: int = _ROUNDS, seed: int = 1) -> Interval:
    """Percentiles over draws of whole groups, with replacement, as many as there are. Draws without both classes are
    drawn again. At an area of 0 or 1 all draws agree, however few groups there are: see `delong`.
    """
    value = auc(scores, truth)
    if math.isnan(value):
        return Interval(value, 0.0, 1.0, len(scores))
    _, which = np.unique(np.asarray(groups), return_inverse=True)
    if value in (0.0, 1.0):
        rarer = min(len(set(which[each].tolist())) for each in (truth, ~truth))
        return Interval(value, *_of_a_bound(value, rarer), len(scores))
    members = [np.flatnonzero(which == group) for group in range(int(which.max()) + 1)]
    rng = np.random.default_rng(seed)
    found: list[float] = []
    while len(found) < rounds:
        drawn = np.concatenate([members[at] for at in rng.integers(len(members), size=len(members))])
        if not math.isnan(again := auc(scores[drawn], truth[drawn])):
            found.append(again)
    low, high = np.percentile(found, (2.5, 97.5))
    return Interval(value, float(low), float(high), len(scores))


def roc(scores: Floats, truth: Truth) -> tuple[Floats, Floats]:
    """False- and true-positive rates at every threshold, from (0, 0) to (1, 1)."""
    order = np.argsort(-scores, kind="stable")
    last = np.append(np.diff(scores[order]) != 0, True)
    hits, misses = np.cumsum(truth[order])[last], np.cumsum(~truth[order])[last]
    false = np.concatenate([[0.0], misses / max(1, (~truth).sum())])
    return false, np.concatenate([[0.0], hits / max(1, truth.sum())])


def tpr_at(scores: Floats, truth: Truth, rate: float, groups: Sequence[Any]) -> Interval:
    """Share of positives above the lowest threshold that leaves at most `rate` of the negatives above it.

    The interval is that of the share, at that threshold; that the threshold was chosen on these negatives is not in it.
    """
    negatives = np.sort(scores[~truth])[::-1]
    allowed = math.floor(rate * len(negatives) + 1e-9)
    threshold = negatives[allowed] if allowed < len(negatives) else -math.inf
    return Interval.share(scores[truth] > threshold, [groups[at] for at in np.flatnonzero(truth).tolist()])
