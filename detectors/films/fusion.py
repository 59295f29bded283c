"""What the shots of a film say together, where each says it with a likelihood ratio. Knows no detector.

Shots of one film had the same maker and the same encoder: each more says less than one more. n ratios that correlate by
c count as n / (1 + (n - 1) c) independent ones (Kish 1965, "Survey Sampling", the design effect), at their mean.

Nobody says beforehand whether all of a film is what is looked for or one shot of it. Both are weighed alike, and each
shot could be the one: so a strong shot is not drowned by others, and pays for having been one of many.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log10
from statistics import fmean

from detectors.base import Verdict
from detectors.verdicts.calibration import Calibration, Judged

BETWEEN = 0.5
"""How far log ratios of shots are taken to correlate, 0 to 1: a cautious figure, not a measured one."""


def of_film(shots: Sequence[float], bound: float) -> float:
    """log10 ratio of a film in which all shots, or one of them, may be what is looked for; from one or more.

    bound: largest |log10 ratio| that the calibration of single shots supports.
    """
    count = len(shots)
    everything = _bounded(fmean(shots) * count / (1 + (count - 1) * BETWEEN), bound)
    one = fmean(10.0**ratio for ratio in shots)
    return _bounded(log10((10.0**everything + one) / 2), bound)


def judged(scores: Sequence[float], calibration: Calibration) -> Judged:
    """What a film is by the scores of its shots, one or more; of one shot, what the calibration says of that.

    Otherwise DETECTED where a shot is and the film as a whole reaches the ratio of the calibration's limit, too;
    NOT_DETECTED where no shot is and the film is as far below as the other limit.
    """
    shots = [calibration.judge(score) for score in scores]
    if len(shots) == 1:
        return shots[0]
    ratio = of_film([shot.log10_lr for shot in shots], max(map(abs, calibration.log10_lrs)))
    upper, lower = (calibration.judge(limit).log10_lr for limit in (calibration.detected_from, calibration.absent_to))
    some = any(shot.verdict is Verdict.DETECTED for shot in shots)
    verdict = Verdict.ABSTAINED
    if some and ratio >= upper:
        verdict = Verdict.DETECTED
    elif not some and ratio <= lower:
        verdict = Verdict.NOT_DETECTED
    return Judged(verdict, 1.0 / (1.0 + 10.0**-ratio), ratio)


def _bounded(ratio: float, bound: float) -> float:
    return max(-bound, min(bound, ratio))
