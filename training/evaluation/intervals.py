"""Figures with their uncertainty. Knows numbers; does not know what was counted."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def wilson(hits: float, trials: int, z: float = 1.96) -> tuple[float, float]:
    """The Wilson score interval of a proportion, 95% by default; fractions of a hit where trials are groups whose
    members hit in part. Source: Wilson (1927), JASA 22.
    """
    if trials == 0:
        return 0.0, 1.0
    share, squared = hits / trials, z * z
    centre = (share + squared / (2 * trials)) / (1 + squared / trials)
    half = z * math.sqrt(share * (1 - share) / trials + squared / (4 * trials**2)) / (1 + squared / trials)
    return max(0.0, centre - half), min(1.0, centre + half)


def proportion(hits: int, trials: int) -> str:
    """For tables: ".83 [.76, .89] (100/120)"."""
    low, high = wilson(hits, trials)
    return f"{hits / max(1, trials):.3f} [{low:.3f}, {high:.3f}] ({hits}/{trials})"


def shares(hits: Mapping[str, Sequence[bool]]) -> dict[str, float]:
    """Under each name its share of hits, with the ends of the Wilson interval as name_low and name_high, and
    name_count.
    """
    made: dict[str, float] = {}
    for name, each in hits.items():
        low, high = wilson(sum(each), len(each))
        made |= {name: round(sum(each) / max(1, len(each)), 4), f"{name}_low": round(low, 4)}
        made |= {f"{name}_high": round(high, 4), f"{name}_count": len(each)}
    return made


def auc(positive: Floats, negative: Floats) -> float:
    """Area under the ROC curve: the chance that a positive scores above a negative, ties half."""
    above = (positive[:, None] > negative[None, :]).mean()
    ties = (positive[:, None] == negative[None, :]).mean()
    return float(above + 0.5 * ties)


def fit_logistic(features: Floats, truth: NDArray[np.bool_], ridge: float = 1e-2) -> Floats:
    """Weights of a logistic model, bias last, by Newton's method; both classes count the same.

    features: (n, k). ridge: penalty on the weights without the bias, for data that a plane separates.
    """
    design = np.column_stack([features, np.ones(len(features))])
    balance = np.where(truth, 0.5 / max(1, truth.sum()), 0.5 / max(1, (~truth).sum())) * len(truth)
    penalty = np.diag([ridge] * features.shape[1] + [0.0])
    weights = np.zeros(design.shape[1])
    for _ in range(100):
        chance = 1.0 / (1.0 + np.exp(-design @ weights))
        gradient = design.T @ (balance * (truth - chance)) - penalty @ weights
        curvature = (design * (balance * chance * (1 - chance))[:, None]).T @ design + penalty
        step = np.linalg.solve(curvature + 1e-9 * np.eye(len(weights)), gradient)
        weights += step
        if np.abs(step).max() < 1e-8:
            break
    return weights


def log_loss(features: Floats, truth: NDArray[np.bool_], weights: Floats) -> float:
    """Mean cross-entropy in nats, both classes counting the same; ln 2 ≈ 0.693 is what ignorance costs."""
    signed = np.where(truth, 1.0, -1.0) * (np.column_stack([features, np.ones(len(features))]) @ weights)
    losses = np.logaddexp(0.0, -signed)
    return float(0.5 * losses[truth].mean() + 0.5 * losses[~truth].mean())
