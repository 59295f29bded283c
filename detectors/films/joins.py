"""Places within one shot where the film does not go on from where it was: pictures are missing.

From one picture to the next a camera moves about as far as it did before and will after, and once that motion is undone
little is left over. Where pictures were taken out, one single step is longer, or leaves more over, than all around it.
A sudden turn of the camera is long too, but takes several pictures. What goes on too slowly or too quickly for that is
not seen. Knows pictures and times; does not know what was taken out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.films.timeline import Steps

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Settings:
    """beside: pictures on each side of a step that it must stand out from. around: those that say what is usual there.
    motion, residual: what is added to each before logarithms are taken: pixels, grey levels; below it is noise.
    spread: least spread of the usual, natural logarithm. highest: beyond which a feature says no more.
    weights, bias: from the features to natural log odds, by python -m training.evaluation.films. least: log odds from
    which it is a join.
    """

    beside: int = 2
    around: int = 8
    motion: float = 0.1
    residual: float = 0.5
    spread: float = 0.15
    highest: float = 6.0
    weights: tuple[float, ...] = (5.69, 2.45, 0.97, 1.92)
    bias: float = -4.56
    least: float = 6.5


@dataclass(frozen=True, slots=True)
class Join:
    """Between pictures `at` and `at` + 1 others are missing. odds: natural logarithm."""

    at: int
    odds: float


def joins(steps: Steps, shots: list[tuple[int, int]], settings: Settings) -> list[Join]:
    """The joins within shots, in order."""
    found = []
    for at, row in features(steps, shots, settings):
        odds = settings.bias + float(np.dot(settings.weights, row))
        if odds >= settings.least:
            found.append(Join(at, odds))
    return found


def features(steps: Steps, shots: list[tuple[int, int]], settings: Settings) -> list[tuple[int, Floats]]:
    """Of every step that has `beside` others of its shot on each side: how far motion and what is left over lie above
    the highest beside them (natural logarithm), and above what is usual around (in spreads).
    """
    measured = np.log(steps.motion + settings.motion), np.log(steps.residual + settings.residual)
    found = []
    for start, end in shots:
        for at in range(start + settings.beside, end - 1 - settings.beside):
            stands = [_above_beside(each, at, settings) for each in measured]
            usual = [_above_usual(each, at, start, end - 1, settings) for each in measured]
            found.append((at, np.array([*stands, *usual])))
    return found


def _above_beside(values: Floats, at: int, settings: Settings) -> float:
    before, after = values[at - settings.beside : at], values[at + 1 : at + 1 + settings.beside]
    return float(values[at] - max(before.max(), after.max()))


def _above_usual(values: Floats, at: int, start: int, end: int, settings: Settings) -> float:
    first, last = max(start, at - settings.around), min(end, at + settings.around + 1)
    others = np.concatenate([values[first:at], values[at + 1 : last]])
    middle = np.median(others)
    spread = 1.4826 * np.median(np.abs(others - middle)) + settings.spread
    return float(np.clip((values[at] - middle) / spread, -settings.highest, settings.highest))
