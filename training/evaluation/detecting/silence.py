"""A calibration that says nothing where it has nothing to say. Knows what was said of pictures left out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.base import Verdict
from training.evaluation.detecting.crossing import Held, Mask
from training.evaluation.detecting.fit import Fitted
from training.evaluation.detecting.groups import shares
from training.evaluation.intervals import wilson

NEVER = 1e9
"""A limit that no score reaches."""


def silenced(made: Fitted, truth: Mask, groups: NDArray[Any]) -> Fitted:
    """Without a verdict that does not tell pictures apart that were left out: where the intervals (95%, Wilson) of the
    shares that have it, among those that are looked for and among the others, overlap or are the wrong way round.
    Beyond a limit that few of one kind reach there may be as few of the other.

    truth, groups: (n,), of the samples that `made` was fitted on.
    """
    said = np.array(made.held.verdicts)
    known = made.calibration
    if not _tells(said == Verdict.DETECTED, truth, groups):
        said[said == Verdict.DETECTED] = Verdict.ABSTAINED
        _, high = wilson(0.0, len(np.unique(groups[~truth])))
        known = replace(known, detected_from=NEVER, fpr=0.0, fpr_low=0.0, fpr_high=high)
    if not _tells(said == Verdict.NOT_DETECTED, ~truth, groups):
        said[said == Verdict.NOT_DETECTED] = Verdict.ABSTAINED
        known = replace(known, absent_to=-NEVER)
    return Fitted(known, Held(made.held.ratios, tuple(map(Verdict, said.tolist()))))


def _tells(has: Mask, right: Mask, groups: NDArray[Any]) -> bool:
    """Whether surely more of the right samples have a verdict than of the others, every photograph counting once."""
    (low, _), (_, high) = (_share(has[side], groups[side]) for side in (right, ~right))
    return low > high


def _share(has: Mask, groups: NDArray[Any]) -> tuple[float, float]:
    return wilson(float(shares(groups)[has].sum()), len(np.unique(groups)))
