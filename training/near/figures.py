"""What looks said of copies, counted: how many were found, and what strangers did. Knows answers; makes none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.evaluation.intervals import fit_logistic, log_loss, proportion
from training.near.copies import COPIES

EVERY, STRANGERS = "all copies", "strangers"
PEOPLE = ("test", "people")
"""Parts of which copies count as found or not; of the others it only counts what strangers did."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one look said of one copy. part: of the picture that was copied; source: its number. own, other: see
    `looks.Likeness`.
    """

    look: str
    part: str
    source: int
    copy: str
    own: float
    other: float


def held(found: Iterable[Answer]) -> list[Answer]:
    """Those of pictures that nothing was fitted on."""
    return [each for each in found if each.part != "train"]


def limit_of(found: Sequence[Answer], threshold: float | None) -> float:
    """The look's own threshold; where it has none, the lowest that lets no stranger through."""
    return float(np.nextafter(max(each.other for each in found), np.inf)) if threshold is None else threshold


def counted(found: Sequence[Answer], threshold: float | None) -> dict[str, str]:
    """By kind of copy, the share that was found; and of all questions, the share to which a stranger answered."""
    limit = limit_of(found, threshold)
    mine = [each for each in found if each.part in PEOPLE]
    rows: dict[str, list[Answer]] = {name: [each for each in mine if each.copy == name] for name in COPIES}
    rows[EVERY] = mine
    made = {name: _share([each.own >= limit for each in row]) for name, row in rows.items() if row}
    return made | {STRANGERS: _share([each.other >= limit for each in found])}


def table(found: Sequence[Answer], threshold: float | None) -> list[str]:
    """Of one look: `counted` beside how often the right one was the most alike, and the most alike strangers."""
    first: Mapping[str, list[bool]] = {
        name: [each.own > each.other for each in found if each.part in PEOPLE and name in (each.copy, EVERY)]
        for name in (*COPIES, EVERY)
    }
    lines = [
        f"  {name:14} {_share(first[name]) if name in first else '':30} {share}"
        for name, share in counted(found, threshold).items()
    ]
    highest = [round(value, 3) for value in sorted(each.other for each in found)[-5:]]
    return [*lines, f"  limit {limit_of(found, threshold):.3f}; the most alike strangers {highest}"]


def calibration(fitted_on: Sequence[Answer], tried_on: Sequence[Answer]) -> str:
    """The logistic curve of the logarithm of points, and what it costs on pictures that it was not fitted on."""
    weights = fit_logistic(*_pairs(fitted_on))
    loss = log_loss(*_pairs(tried_on), weights)
    return f"calibration: weight {weights[0]:.3f}, bias {weights[1]:.3f}; log loss {loss:.3f} nats"


def _pairs(found: Iterable[Answer]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Points of copies and of their strangers, as the detector hands them to its calibration, and which is which."""
    values = [(value, copy) for each in found for copy, value in ((True, each.own), (False, each.other))]
    return np.log1p(np.array([[value] for value, _ in values])), np.array([copy for _, copy in values])


def _share(hits: Sequence[bool]) -> str:
    return proportion(sum(hits), len(hits))
