"""Negative controls: what has to come out where there is nothing to find.

Each says of a way to score or to measure whether it cheats: by the encoding, by the format, by the size, or by having
seen the truth. A control passes by `limit`, and in small sets by what chance does to them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from core.errors import InvalidInput
from core.media import Media, Pixels
from training.evaluation.attacks import coded
from training.evaluation.detecting.baselines import out_of_fold
from training.evaluation.detecting.deliveries import file_of
from training.evaluation.detecting.ranking import auc, auc_interval

Scorer: TypeAlias = Callable[[Sequence[Media]], Sequence[float]]
"""Scores of media, higher for what is looked for."""
Opening: TypeAlias = Callable[[bytes], Media]
Truth = NDArray[np.bool_]
Measure: TypeAlias = Callable[[Truth], float]
"""An AUC, by whatever learning or fitting a measurement does with these labels (n,)."""
_Z = 1.959964
_RECODED, _SWAPPED = 0.55, 0.02
_QUALITY = 90


@dataclass(frozen=True, slots=True)
class Control:
    """found: an AUC, or a difference of two. limit: what it may reach. passed: whether it did not go beyond."""

    name: str
    found: float
    limit: float

    @property
    def passed(self) -> bool:
        """What cannot be computed has not passed."""
        return self.found <= self.limit


def recoded(score: Scorer, pictures: Sequence[Pixels], open_file: Opening, quality: int = _QUALITY) -> Control:
    """Real pictures against themselves, coded once more: whoever tells them apart detects the encoding.

    found: distance of the AUC from .5, by which a reversed preference shows as well; at most .05.
    """
    _needs(len(pictures), 2, "pictures")
    first = [open_file(file_of(pixels)) for pixels in pictures]
    again = [open_file(file_of(pixels, "JPEG", quality)) for pixels in pictures]
    scores = np.array([*score(first), *score(again)], np.float64)
    found = abs(auc(scores, np.arange(len(scores)) >= len(first)) - 0.5)
    return Control("real pictures against the same, coded again", found, _RECODED - 0.5)


def shuffled(measure: Measure, truth: Truth, rounds: int = 20, seed: int = 1) -> Control:
    """A measurement with the truth dealt out anew: whoever does better than chance was told it.

    found: distance of the mean AUC from .5. limit: what so many rounds allow, from the variance of the AUC without any
    skill, (n + 1) / (12 · positives · negatives), at 95%. Source: Mann & Whitney (1947).
    """
    positives, negatives = int(truth.sum()), int((~truth).sum())
    _needs(min(positives, negatives), 1, "truth")
    rng = np.random.default_rng(seed)
    found = float(np.mean([measure(rng.permutation(truth)) for _ in range(rounds)]))
    deviation = math.sqrt((positives + negatives + 1) / (12 * positives * negatives))
    return Control("shuffled labels", abs(found - 0.5), _Z * deviation)


def swapped(score: Scorer, real: Sequence[Pixels], made: Sequence[Pixels], open_file: Opening) -> Control:
    """Real pictures as JPEG and the others as PNG, and the other way round. The JPEG's losses are in both.

    found: how far the AUC moves; at most two points.
    """
    _needs(min(len(real), len(made)), 2, "pictures")
    truth = np.arange(len(real) + len(made)) >= len(real)
    found = []
    for lossless in (False, True):
        media = [open_file(_stored(pixels, positive is lossless)) for pixels, positive in _labelled(real, made)]
        found.append(auc(np.array(score(media), np.float64), truth))
    return Control("formats swapped between the classes", abs(found[0] - found[1]), _SWAPPED)


def size_only(features: NDArray[np.float64], truth: Truth, photographs: Sequence[str]) -> Control:
    """A classifier of what describes files (n, k), and not pictures, on a set that was brought to one form.

    found: how far the interval of its AUC keeps away from .5, or, where it holds .5, nothing.
    """
    scores = out_of_fold(features, truth, photographs)
    interval = auc_interval(scores, truth, photographs)
    return Control("size and format only", max(0.0, interval.low - 0.5, 0.5 - interval.high), 0.0)


def _labelled(real: Sequence[Pixels], made: Sequence[Pixels]) -> list[tuple[Pixels, bool]]:
    return [*((pixels, False) for pixels in real), *((pixels, True) for pixels in made)]


def _stored(pixels: Pixels, lossless: bool) -> bytes:
    """The JPEG, or a PNG of what the JPEG shows: the picture is the same, only the format differs."""
    return file_of(coded(pixels, "JPEG", _QUALITY)) if lossless else file_of(pixels, "JPEG", _QUALITY)


def _needs(found: int, least: int, field: str) -> None:
    if found < least:
        raise InvalidInput(f"the control needs {least} of each class", field=field, limit=str(least), found=str(found))
