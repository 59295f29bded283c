"""Whether probabilities are to be believed, and what an abstention buys. Knows numbers; no detector."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

Floats = NDArray[np.float64]
Truth = NDArray[np.bool_]
_BINS = 10
_FEWEST = 5  # samples of a bin: fewer say nothing


@dataclass(frozen=True, slots=True)
class Bin:
    """Samples of about equal probability. said: their mean probability. true: the share of them that is positive.

    mass: their weight, classes weighing a half each. count: how many they are.
    """

    said: float
    true: float
    mass: float
    count: int


@dataclass(frozen=True, slots=True)
class Covered:
    """What is left when a detector speaks only of its most certain files. risk: the share of them it is wrong about."""

    coverage: float
    risk: float


def at_equal_odds(ratios: Floats) -> Floats:
    """Probabilities from log10 likelihood ratios (n,)."""
    found: Floats = 1.0 / (1.0 + 10.0**-ratios)
    return found


def weights_of(truth: Truth) -> Floats:
    """Of each sample (n,), so that both classes weigh a half: sets hold as many of each as somebody gathered."""
    weights: Floats = np.where(truth, 0.5 / max(1, truth.sum()), 0.5 / max(1, (~truth).sum()))
    return weights


def bins(ratios: Floats, truth: Truth) -> tuple[Bin, ...]:
    """Up to ten bins of equal mass, classes at equal odds. Equal probabilities are never parted."""
    chances, weights = at_equal_odds(ratios), weights_of(truth)
    _, which = np.unique(chances, return_inverse=True)
    mass = np.bincount(which, weights)
    wanted = max(1, min(_BINS, len(chances) // _FEWEST))
    place = np.minimum((np.cumsum(mass) - mass / 2) * wanted, wanted - 1).astype(int)[which]
    return tuple(
        Bin(
            float(np.average(chances[here], weights=weights[here])),
            float(np.average(truth[here], weights=weights[here])),
            float(weights[here].sum()),
            int(here.sum()),
        )
        for here in (place == number for number in np.unique(place))
    )


def calibration_error(ratios: Floats, truth: Truth) -> float:
    """Expected calibration error over `bins`: mean distance of what is said from what is true, by mass.

    Source: Nixon et al. (2019), "Measuring calibration in deep learning" (equal mass).
    """
    if not _both(truth):
        return math.nan
    return sum(each.mass * abs(each.said - each.true) for each in bins(ratios, truth))


def cllr(ratios: Floats, truth: Truth) -> float:
    """Cost of likelihood ratios, in bits: 0 for an oracle, 1 for who says nothing.

    Source: Brümmer & du Preez (2006).
    """
    if not _both(truth):
        return math.nan
    natural = ratios * math.log(10)
    of_positives = np.logaddexp(0.0, -natural[truth]).mean()
    of_negatives = np.logaddexp(0.0, natural[~truth]).mean()
    return float((of_positives + of_negatives) / (2 * math.log(2)))


def least_cllr(scores: Floats, truth: Truth) -> float:
    """What the best monotone calibration of these very scores would cost: what ranking loses, not calibration."""
    if not _both(truth):
        return math.nan
    weights = weights_of(truth)
    _, which = np.unique(scores, return_inverse=True)
    weight = np.bincount(which, weights)
    chances = isotonic_regression(np.bincount(which, weights * truth) / weight, weights=weight).x[which]
    with np.errstate(divide="ignore"):
        return cllr(np.log10(chances) - np.log10(1 - chances), truth)


def covering(ratios: Floats, truth: Truth) -> tuple[Covered, ...]:
    """The curve of risk over coverage, both classes weighing the same: the most certain files first, equals together.

    Source: El-Yaniv & Wiener (2010), "On the foundations of noise-free selective classification". Nothing said, a ratio
    of 1, is half an error.
    """
    certain, weights = np.abs(ratios), weights_of(truth)
    wrong = np.where(ratios == 0, 0.5, (ratios > 0) != truth) * weights
    _, which = np.unique(-certain, return_inverse=True)
    mass = np.cumsum(np.bincount(which, weights))
    lost = np.cumsum(np.bincount(which, wrong))
    return tuple(Covered(float(share), float(risk)) for share, risk in zip(mass, lost / mass, strict=True))


def area_under(curve: tuple[Covered, ...]) -> float:
    """Mean risk over all coverages (AURC): 0 for an oracle, .5 for chance."""
    widths = np.diff([0.0, *(each.coverage for each in curve)])
    return float((widths * [each.risk for each in curve]).sum())


def _both(truth: Truth) -> bool:
    return bool(truth.any() and not truth.all())
