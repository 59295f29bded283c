"""What many pictures of a film say together, where each says it with a likelihood ratio. Knows no detector.

Pictures of one shot show the same things, and shots of one film had the same maker and the same encoder: each more
says less than one more. n ratios that correlate by c count as n / (1 + (n - 1) c) independent ones (Kish 1965, "Survey
Sampling", the design effect), at their mean.

Nobody says beforehand whether all of a film is what is looked for or one shot of it. Both are weighed alike, and each
shot could be the one: so a strong shot is not drowned by others, and pays for having been one of many.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log10
from statistics import fmean


@dataclass(frozen=True, slots=True)
class Settings:
    """within, between: how far log ratios of pictures of one shot, and those of shots, are taken to correlate, 0 to 1:
    cautious figures, not measured ones. bound: largest |log10 ratio| of a film or shot, which a calibration on single
    pictures supports.
    """

    within: float = 0.8
    between: float = 0.5
    bound: float = 2.0


def of_shot(ratios: Sequence[float], settings: Settings) -> float:
    """log10 ratio of a shot from those of its pictures, one or more."""
    return _bounded(_pooled(ratios, settings.within), settings.bound)


def of_film(shots: Sequence[float], settings: Settings) -> float:
    """log10 ratio of a film in which all shots, or one of them, may be what is looked for; from one or more."""
    everything = _bounded(_pooled(shots, settings.between), settings.bound)
    one = fmean(10.0**ratio for ratio in shots)
    return _bounded(log10((10.0**everything + one) / 2), settings.bound)


def _pooled(ratios: Sequence[float], correlation: float) -> float:
    count = len(ratios)
    return fmean(ratios) * count / (1 + (count - 1) * correlation)


def _bounded(ratio: float, bound: float) -> float:
    return max(-bound, min(bound, ratio))
