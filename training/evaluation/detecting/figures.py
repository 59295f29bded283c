"""Every figure of what was said of real pictures and of those that a detector is for. Knows looks; no detector."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.base import Verdict
from training.evaluation.detecting import soundness
from training.evaluation.detecting.looking import Look
from training.evaluation.detecting.ranking import Interval, auc_interval, roc, tpr_at

Truth = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Sound:
    """What only probabilities have. ece, cllr, cllr_min, aurc: see `soundness`. bins, curve: what plots show."""

    ece: float
    cllr: float
    cllr_min: float
    aurc: float
    bins: tuple[soundness.Bin, ...]
    curve: tuple[soundness.Covered, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """Of `positives` files of the detector's label and `negatives` real ones.

    balanced_accuracy: mean over both classes of the share judged rightly, an abstention counting half. tpr, fpr: at the
    operating point, an abstention being no detection. tpr_at_1, tpr_at_5: where 1% and 5% of these real files would be
    detected. abstained, unread: shares of all files. sound: None without a calibration. roc: pairs of rates.
    """

    positives: int
    negatives: int
    auc: Interval
    balanced_accuracy: float
    tpr: Interval
    fpr: Interval
    tpr_at_1: Interval
    tpr_at_5: Interval
    abstained: Interval
    unread: Interval
    sound: Sound | None
    roc: tuple[tuple[float, float], ...]


def measure(looks: Sequence[Look], truth: Truth, photographs: Sequence[str]) -> Figures:
    """Figures of looks at files (n,), true where a file is of the detector's label. photographs: their sources."""
    scores = np.array([each.rank for each in looks], np.float64)
    detected = np.array([each.verdict is Verdict.DETECTED for each in looks], bool)
    abstained = np.array([each.verdict is Verdict.ABSTAINED for each in looks], bool)
    right = np.where(abstained, 0.5, detected == truth)
    false, true = roc(scores, truth)
    positives, negatives = ([photographs[at] for at in np.flatnonzero(each).tolist()] for each in (truth, ~truth))
    return Figures(
        positives=int(truth.sum()),
        negatives=int((~truth).sum()),
        auc=auc_interval(scores, truth, photographs),
        balanced_accuracy=_mean([_mean(right[truth].tolist()), _mean(right[~truth].tolist())]),
        tpr=Interval.share(detected[truth], positives),
        fpr=Interval.share(detected[~truth], negatives),
        tpr_at_1=tpr_at(scores, truth, 0.01, photographs),
        tpr_at_5=tpr_at(scores, truth, 0.05, photographs),
        abstained=Interval.share(abstained, photographs),
        unread=Interval.share([not each.read for each in looks], photographs),
        sound=_sound(looks, scores, truth),
        roc=tuple(zip(false.tolist(), true.tolist(), strict=True)),
    )


def _sound(looks: Sequence[Look], scores: NDArray[np.float64], truth: Truth) -> Sound | None:
    if all(each.ratio is None for each in looks):
        return None
    ratios = np.array([each.ratio or 0.0 for each in looks], np.float64)
    curve = soundness.covering(ratios, truth)
    return Sound(
        ece=soundness.calibration_error(ratios, truth),
        cllr=soundness.cllr(ratios, truth),
        cllr_min=soundness.least_cllr(scores, truth),
        aurc=soundness.area_under(curve),
        bins=soundness.bins(ratios, truth),
        curve=curve,
    )


def _mean(values: Sequence[float]) -> float:
    """Not a number where there are none."""
    return sum(values) / len(values) if values else math.nan
