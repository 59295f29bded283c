"""Fits what is familiar to the features of pictures that a detector was calibrated on."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import InvalidInput
from detectors.verdicts.familiar import Familiar
from training.evaluation.detecting.groups import Groups, conformal

_FOLDS = 5
_FLOOR = 1e-6  # of a deviation: features that never change


def fit_familiar(features: NDArray[np.floating[Any]], groups: Groups, axes: int = 16, alpha: float = 0.01) -> Familiar:
    """Of `features` (n, d), with the source photograph of each. alpha: share of known pictures beyond the limit.

    The limit is taken from distances to fits that do not know the photograph: those to the fit that does are too small.
    Raises InvalidInput for fewer photographs than `alpha` or the folds need.
    """
    known, sources = np.asarray(features, np.float64), np.asarray(groups)
    _check(known, sources)
    names = np.unique(sources)
    folds = np.searchsorted(names, sources) % _FOLDS
    distances = np.empty(len(known))
    for fold in range(_FOLDS):
        others = _fit(known[folds != fold], axes, limit=1.0)
        distances[folds == fold] = [others.distance(each) for each in known[folds == fold]]
    return _fit(known, axes, max(_FLOOR, conformal(distances, groups, alpha)))


def _fit(known: NDArray[np.float64], axes: int, limit: float) -> Familiar:
    """At most half as many axes as there are samples or dimensions: the rest has to be measured, too."""
    mean = known.mean(axis=0)
    _, lengths, directions = np.linalg.svd(known - mean, full_matrices=False)
    variances = lengths**2 / max(1, len(known) - 1)
    kept = max(1, min(axes, len(known) // 2, known.shape[1] // 2))
    rest = np.sqrt(variances[kept:].sum() / max(1, known.shape[1] - kept))
    floor = max(_FLOOR, float(rest))
    deviations = np.maximum(np.sqrt(variances[:kept]), floor)
    mean, along, deviations = (each.astype(np.float32) for each in (mean, directions[:kept], deviations))
    return Familiar(mean, along, deviations, rest=float(np.float32(floor)), limit=limit)


def _check(known: NDArray[np.float64], groups: NDArray[Any]) -> None:
    if known.ndim != 2 or groups.shape != known.shape[:1] or not np.isfinite(known).all():
        raise InvalidInput("features are finite, (n, d), with one group each", field="features", found=str(known.shape))
    if len(np.unique(groups)) < 2 * _FOLDS:
        found = str(len(np.unique(groups)))
        message = f"what is familiar needs {2 * _FOLDS} photographs, found {found}"
        raise InvalidInput(message, field="groups", limit=str(2 * _FOLDS), found=found)
