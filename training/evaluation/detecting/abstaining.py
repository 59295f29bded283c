"""What an abstention buys: how many files are judged, and how many of them wrongly. Knows passes, and no detector."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from detectors.base import Verdict
from training.evaluation.detecting.listing import Label
from training.evaluation.detecting.passes import Pass
from training.evaluation.detecting.ranking import Interval
from training.evaluation.detecting.soundness import Covered, covering, weights_of
from training.evaluation.detecting.tables import Sheet, cell, number

_SHARES = (0.25, 0.5, 0.75, 0.9, 1.0)
_TURNED = {Verdict.DETECTED: Verdict.NOT_DETECTED, Verdict.NOT_DETECTED: Verdict.DETECTED}
Chosen = NDArray[np.bool_]


def sheet(name: str, passes: Sequence[Pass]) -> Sheet:
    """Of the looks under that name, all of which have ratios; the first pass is over files as they are, the others are
    re-deliveries. Both classes weigh a half.
    """
    first = passes[0].seen
    truth = np.array([each.row.label is not Label.REAL for each in first], bool)
    ratios = np.array([each.looks[name].ratio or 0.0 for each in first], np.float64)
    verdicts = [each.looks[name].verdict for each in first]
    spoken = np.array([each is not Verdict.ABSTAINED for each in verdicts], bool)
    wrong = np.array([each is Verdict.DETECTED for each in verdicts], bool) != truth
    turns = turned(name, passes)
    curve = covering(ratios, truth)
    rows = [(f"the {share:.0%} it is most certain of", _reached(curve, share)) for share in _SHARES]
    rows += [("all with a verdict", _chosen(spoken, wrong, truth))]
    rows += [("all whose verdict no re-delivery turns", _chosen(spoken & ~turns, wrong, truth))]
    photographs = [each.row.photograph for each, speaks in zip(first, spoken, strict=True) if speaks]
    share = Interval.share(turns[spoken], photographs)
    title = f"{name}: what abstaining buys; a re-delivery turns {cell(share)} of the verdicts"
    cells = tuple((words, number(each.coverage), f"{each.risk:.3f}") for words, each in rows)
    return Sheet(title, ("files", "share of files", "judged wrongly"), cells)


def turned(name: str, passes: Sequence[Pass]) -> Chosen:
    """(n,): the files whose verdict becomes the opposite after one of the passes that follow the first, or several."""
    first, *others = ([each.looks[name].verdict for each in one.seen] for one in passes)
    return np.array(
        [any(other[at] is _TURNED.get(verdict) for other in others) for at, verdict in enumerate(first)], bool
    )


def _reached(curve: Sequence[Covered], share: float) -> Covered:
    """Files that are equally certain go together: the first point with as many, or more."""
    return next(each for each in curve if each.coverage >= share - 1e-9)


def _chosen(spoken: Chosen, wrong: Chosen, truth: Chosen) -> Covered:
    weights = weights_of(truth)
    coverage = float(weights[spoken].sum())
    return Covered(coverage, float(weights[spoken & wrong].sum()) / max(coverage, 1e-9))
