"""What times and keyframes of a film tell of its making. Hints: cameras and encoders leave gaps, too."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_LONG = 2.5
"""Medians of the time between pictures that make a gap, in a film that otherwise keeps its pace."""
_EVEN, _KEPT = 0.25, 0.95  # a pace is kept where this share of distances is within that share of the median
_FEWEST = 4  # distances between keyframes, before they are called regular
_REGULAR = 0.75  # of them are the same


@dataclass(frozen=True, slots=True)
class Gap:
    """start, end: seconds of the pictures before and after it."""

    start: float
    end: float


def gaps(times: Floats) -> tuple[Gap, ...]:
    """Where the clock skips, in seconds, ascending, (n,). None in a film without an even pace, as phones make them."""
    apart = np.diff(times)
    usual = float(np.median(apart)) if len(apart) else 0.0
    even = np.abs(apart - usual) <= _EVEN * usual
    if usual <= 0 or even.mean() < _KEPT:
        return ()
    return tuple(Gap(float(times[at]), float(times[at + 1])) for at in np.flatnonzero(apart > _LONG * usual))


def unexpected_keyframes(keyframes: NDArray[np.uint8], cuts: set[int]) -> tuple[int, ...]:
    """Pictures with a keyframe off a pattern that the film keeps otherwise; none where it keeps none.

    keyframes: (n,). cuts: pictures with which shots begin, where encoders put keyframes of their own accord. An
    encoder's pattern starts anew at each keyframe.
    """
    at = np.flatnonzero(keyframes)
    apart = np.diff(at)
    if len(apart) < _FEWEST:
        return ()
    values, counts = np.unique(apart, return_counts=True)
    usual = int(values[counts.argmax()])
    if counts.max() < _REGULAR * len(apart):
        return ()
    early = at[1:][apart < usual]
    return tuple(int(picture) for picture in early if picture not in cuts)
