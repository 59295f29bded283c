"""Likelihood ratios of scores by pools of pictures of known truth, as far as the pictures of a pool support them."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from training.evaluation.detecting.groups import Floats, shares

_DIGITS = 6  # of ratios
_SAME = 1e-9  # of shares: neighbours that differ by less differ by rounding, and are one pool


def pav(
    values: Floats, truth: NDArray[np.bool_], groups: NDArray[Any], bound: float
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Knots and log10 likelihood ratios of the pool-adjacent-violators fit: of each pool its lowest and its highest
    score with the same ratio (once where they are one), so that no score within says more than all of its pool.

    Both classes have the same weight, and every group of a class has the same. To each pool one group of either kind is
    added (Laplace's rule; a group of the class that has fewer): k pictures of one kind and none of the other support a
    ratio of k + 1, and no ratio changes its side. Where that leaves a higher pool below a lower one, as it may at the
    ends, they are made isotonic once more. No |ratio| is above `bound`.

    Source: Brümmer & du Preez (2006), "Application-independent evaluation of speaker detection".
    """
    mass = np.empty(len(values))
    for side in (truth, ~truth):
        each = shares(groups[side])
        mass[side] = each / each.sum()
    # Equal scores cannot have unequal ratios: they are one sample before anything is pooled.
    distinct, which = np.unique(values, return_inverse=True)
    found, clean = (np.asarray(np.bincount(which, mass * side), np.float64) for side in (truth, ~truth))
    pools = _pools(found, clean)
    rates = np.array([(found[each].sum(), clean[each].sum()) for each in pools])
    one = 1.0 / min(len(np.unique(groups[side])) for side in (truth, ~truth))
    smooth = (rates[:, 0] + one) / (rates.sum(axis=1) + 2 * one)
    chances = isotonic_regression(smooth, weights=rates.sum(axis=1)).x
    ends: list[tuple[float, float]] = []
    for pool, chance in zip(pools, chances.tolist(), strict=True):
        ratio, scores = _ratio(chance, bound), distinct[pool]
        ends += [(knot, ratio) for knot in sorted({float(scores[0]), float(scores[-1])})]
    knots, ratios = zip(*ends, strict=True)
    return knots, ratios


def _pools(found: Floats, clean: Floats) -> list[slice]:
    """Ranges of scores, in order, whose share of what is found rises from one to the next."""
    weight = found + clean
    pooled = isotonic_regression(found / weight, weights=weight)
    starts = [start for start in pooled.blocks[:-1].tolist() if start == 0 or _rises(pooled.x, start)]
    return [slice(start, end) for start, end in pairwise([*starts, len(weight)])]


def _rises(shares_found: Floats, start: int) -> bool:
    return bool(shares_found[start] - shares_found[start - 1] > _SAME)


def _ratio(chance: float, bound: float) -> float:
    """log10 of the odds, within the bound."""
    return min(bound, max(-bound, round(math.log10(chance / (1.0 - chance)), _DIGITS)))
