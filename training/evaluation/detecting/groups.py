"""Quantiles over samples that come in groups, such as crops and re-encodings of one photograph. Knows numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from core.errors import InvalidInput

Floats = NDArray[np.float64]
Groups: TypeAlias = Sequence[Any] | NDArray[Any]


def shares(groups: Groups) -> Floats:
    """The weight of each sample, (n,): the same for every group, split evenly within it; they add up to the number of
    groups.
    """
    _, which, sizes = np.unique(np.asarray(groups), return_inverse=True, return_counts=True)
    return 1.0 / sizes[which]


def conformal(values: Floats, groups: Groups, alpha: float) -> float:
    """What a sample of a new group exceeds with a chance of at most `alpha`, whatever the distribution is, as long as
    groups are exchangeable.

    Source: Lee, Barber & Willett (2023), "Distribution-free inference with hierarchical data". Raises InvalidInput for
    fewer groups than any such promise needs, 1/alpha − 1.
    """
    weights = shares(groups)
    count, least = round(float(weights.sum())), needed(alpha)
    if count < least:
        message = f"a rate of {alpha} needs {least} independent photographs, found {count}"
        raise InvalidInput(message, field="groups", limit=str(least), found=str(count))
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order]) / (count + 1)
    place = int(np.searchsorted(reached, 1.0 - alpha - 1e-12))
    return float(values[order][min(place, len(values) - 1)])


def needed(alpha: float) -> int:
    """Groups without which no quantile keeps the promise of `conformal`."""
    return math.ceil(round(1.0 / alpha - 1.0, 9))
