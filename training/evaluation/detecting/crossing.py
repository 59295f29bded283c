"""Calibrations of pictures that they have not seen: photographs are dealt into parts, and each part is judged by the
calibration of the others. What set a limit says little of how often the next picture is beyond it.

Knows numbers and names; what is learned on a part, it is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import InvalidInput
from detectors.base import Verdict
from detectors.verdicts.calibration import Calibration
from training.evaluation.detecting.groups import Floats

Mask = NDArray[np.bool_]
Learn = Callable[[Mask], Calibration]
"""The calibration of the samples that are chosen, (n,)."""
_PARTS = 10


@dataclass(frozen=True, eq=False, slots=True)
class Held:
    """What is said of every sample (n,) by calibrations that know neither its photograph nor what made it."""

    ratios: Floats
    verdicts: tuple[Verdict, ...]

    @property
    def detected(self) -> Mask:
        """(n,)."""
        return np.array([each is Verdict.DETECTED for each in self.verdicts], bool)


def held_out(scores: Floats, parts: Sequence[tuple[Mask, Mask]], learn: Learn) -> Held:
    """The verdicts of folds, each a choice of samples to learn from and of samples to judge; raises as `learn`."""
    ratios = np.zeros(len(scores))
    verdicts = [Verdict.ABSTAINED] * len(scores)
    for learned, judged in parts:
        calibration = learn(learned)
        for at in np.flatnonzero(judged).tolist():
            found = calibration.judge(float(scores[at]))
            ratios[at], verdicts[at] = found.log10_lr, found.verdict
    return Held(ratios, tuple(verdicts))


def dealt(truth: Mask, groups: NDArray[Any], makers: NDArray[Any] | None, least: int) -> list[tuple[Mask, Mask]]:
    """Samples to learn from and to judge, ten times: every sample is judged once, and nothing is learned from its
    photograph, nor, of what is found, from what its maker made. Photographs are dealt one by one where ten parts would
    leave fewer than `least` of a class to learn from.

    truth: (n,). makers: (n,), looked at where `truth` is; None where each picture is its own. Raises InvalidInput where
    fewer are left without one photograph, or without one maker.
    """
    folds = list(_folds(_parts(truth, groups, makers, _PARTS), groups))
    if _fewest(folds, truth, groups) < least:
        photographs = len(np.unique(groups))
        folds = list(_folds(_parts(truth, groups, makers, photographs), groups))
    left = _fewest(folds, truth, groups)
    if left < least:
        message = f"to count errors on pictures left out needs {least} photographs of a class beside them, found {left}"
        raise InvalidInput(message, field="groups", limit=str(least), found=str(left))
    return folds


def _parts(truth: Mask, groups: NDArray[Any], makers: NDArray[Any] | None, count: int) -> NDArray[np.intp]:
    """The part of every sample, (n,). Photographs of one class and those of both are dealt apart, so that each part
    has its share of each.
    """
    _, which = np.unique(groups, return_inverse=True)
    has = [np.bincount(which, side) > 0 for side in (truth, ~truth)]
    part = np.zeros(len(has[0]), np.intp)
    for kind in (has[0] & has[1], has[0] & ~has[1], has[1] & ~has[0]):
        part[kind] = np.arange(kind.sum()) % count
    parts: NDArray[np.intp] = part[which]
    if makers is not None:
        _, made = np.unique(makers[truth], return_inverse=True)
        parts[truth] = made % count
    return parts


def _folds(parts: NDArray[np.intp], groups: NDArray[Any]) -> Iterator[tuple[Mask, Mask]]:
    for number in np.unique(parts).tolist():
        judged = parts == number
        yield ~judged & ~np.isin(groups, np.unique(groups[judged])), judged


def _fewest(folds: Sequence[tuple[Mask, Mask]], truth: Mask, groups: NDArray[Any]) -> int:
    """Photographs of the class that has fewer, in the fold that has fewest."""
    sides = (truth, ~truth)
    return min(len(np.unique(groups[learned & side])) for learned, _ in folds for side in sides)
