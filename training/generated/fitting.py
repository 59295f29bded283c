"""Fits linear probes, and scores pictures by probes that know neither them nor their generator. Knows numbers.

Logistic regression with a penalty on its weights, in the space that the samples span: there are more figures than
pictures, and there the fit is the same and small (the representer theorem).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from detectors.generated.probe import Probe
from training.evaluation.intervals import auc
from training.generated.features import Figures
from training.generated.material import DRAWING

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
_LEAST = 1e-6  # of a deviation: figures that never change
_RIDGE = 1e-4  # on the weights of branches: they stay finite where a branch errs never


def fit(features: NDArray[np.floating[Any]], made: Mask, weights: Floats, penalty: float) -> Probe:
    """features: (n, d). weights: (n,), of each sample. penalty: of the squared weights of standardised figures, times
    d, so that it means the same for any number of them.
    """
    values = np.asarray(features, np.float64)
    mean = np.average(values, axis=0, weights=weights)
    deviation = np.maximum(np.sqrt(np.average(np.square(values - mean), axis=0, weights=weights)), _LEAST)
    standard = (values - mean) / deviation
    gram = standard @ standard.T / values.shape[1]
    duals, bias = _duals(gram, made, weights, penalty)
    direction = standard.T @ duals / values.shape[1] / deviation
    return Probe(mean.astype(np.float32), direction.astype(np.float32), bias)


def strict(features: NDArray[np.floating[Any]], figures: Figures, penalty: float) -> tuple[float, ...]:
    """The area of every pair of collections that were left out together, of pictures that look like photographs or
    not against photographs.
    """
    areas = []
    for learned, judged in strict_folds(figures):
        probe = fit(features[learned], figures.made[learned], balanced(figures, learned)[learned], penalty)
        scores = scores_of(probe, features)
        areas.append(auc(scores[judged & figures.made], scores[judged & ~figures.made]))
    return tuple(areas)


def scores_of(probe: Probe, features: NDArray[np.floating[Any]]) -> Floats:
    """The log odds of many, (n, d), at once."""
    off = np.asarray(features, np.float64) - probe.mean.astype(np.float64)
    scores: Floats = off @ probe.weights.astype(np.float64) + probe.bias
    return scores


def balanced(figures: Figures, rows: Mask) -> Floats:
    """(n,): both classes weigh the same, a source within a class as the square root of its samples, and all samples of
    a source the same; 0 outside `rows`. Otherwise the probe would learn which source is large.
    """
    weights = np.zeros(len(rows))
    for side in (figures.made, ~figures.made):
        for source in np.unique(figures.sources[rows & side]):
            chosen = rows & side & (figures.sources == source)
            # The square root is between counting pictures and counting sources.
            weights[chosen] = np.sqrt(chosen.sum()) / chosen.sum()
        weights[rows & side] /= max(weights[rows & side].sum(), _LEAST)
    shares: Floats = weights * (int(rows.sum()) / 2)
    return shares


def folds(figures: Figures) -> Iterator[tuple[Mask, Mask]]:
    """What is learned from and what is judged: a source of generators is left out whole, with a share of the
    photographs and drawings by name, so that neither generator nor photograph was seen.
    """
    made_by = sorted(set(figures.sources[figures.made]))
    share = np.array([zlib.crc32(name.encode()) % len(made_by) for name in figures.names])
    for number, source in enumerate(made_by):
        judged = np.where(figures.made, figures.sources == source, share == number)
        yield ~judged, judged


def strict_folds(figures: Figures) -> Iterator[tuple[Mask, Mask]]:
    """A source of generators and a source of photographs are left out together; none where there is one source only."""
    sources = [sorted(set(figures.sources[chosen])) for chosen in (figures.made, ~figures.made & _taken(figures))]
    if min(map(len, sources)) < 2:
        return
    for made_by in sources[0]:
        for taken_by in sources[1]:
            judged = (figures.sources == made_by) | (figures.sources == taken_by)
            yield ~judged, judged


def _taken(figures: Figures) -> Mask:
    taken: Mask = np.asarray(figures.subjects != DRAWING, bool)
    return taken


def left_out(features: NDArray[np.floating[Any]], figures: Figures, penalty: float) -> Floats:
    """(n,): the log odds of every sample by the probe of the fold that judges it."""
    scores = np.full(len(features), np.nan)
    for learned, judged in folds(figures):
        probe = fit(features[learned], figures.made[learned], balanced(figures, learned)[learned], penalty)
        scores[judged] = scores_of(probe, features[judged])
    return scores


def fuse(odds: Floats, made: Mask, weights: Floats, voting: tuple[bool, ...]) -> Probe:
    """One log odds out of those of branches, (n, k), none of which had seen the pictures. No branch counts against what
    it says: a negative weight would be an accident of few pictures. voting: (k,), the others have the weight 0.
    """
    signs = np.where(made, 1.0, -1.0)
    shares = weights / weights.sum()

    def loss(parameters: Floats) -> float:
        margins = signs * (odds @ parameters[:-1] + parameters[-1])
        return float(shares @ np.logaddexp(0.0, -margins) + _RIDGE * np.square(parameters[:-1]).sum())

    count = odds.shape[1]
    bounds = [(0.0, None if votes else 0.0) for votes in voting] + [(None, None)]
    found = minimize(loss, np.zeros(count + 1), method="L-BFGS-B", bounds=bounds).x
    return Probe(np.zeros(count, np.float32), found[:-1].astype(np.float32), float(found[-1]))


def _duals(gram: Floats, made: Mask, weights: Floats, penalty: float) -> tuple[Floats, float]:
    """Coefficients of the samples and the bias that minimise the weighted log loss, mean, and the penalty."""
    signs = np.where(made, 1.0, -1.0)
    shares = weights / weights.sum()

    def loss(parameters: Floats) -> tuple[float, Floats]:
        duals, bias = parameters[:-1], parameters[-1]
        pulled = gram @ duals
        margins = signs * (pulled + bias)
        slopes = -signs * shares / (1.0 + np.exp(np.clip(margins, -500, 500)))
        value = float(shares @ np.logaddexp(0.0, -margins) + penalty / 2 * duals @ pulled)
        return value, np.append(gram @ slopes + penalty * pulled, slopes.sum())

    found = minimize(loss, np.zeros(len(gram) + 1), jac=True, method="L-BFGS-B", options={"maxiter": 400})
    return found.x[:-1], float(found.x[-1])
