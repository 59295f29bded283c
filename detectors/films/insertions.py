"""Segments put into a shot: the film goes on behind them from the very picture before them.

Who cuts away and back comes back to a scene that went on meanwhile, or never moved. Who puts something in leaves the
pictures on both sides as close as neighbours are. So a scene that does not move says nothing. Knows pictures.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.media import Pixels
from detectors.films.timeline import Follower

_BLUR = 5  # pixels


@dataclass(frozen=True, slots=True)
class Settings:
    """shortest, longest: pictures of a segment. alike: least correlation of the pictures around it, motion undone.
    went_on: share of what changed in as many pictures beside the segment, from which the scene went on meanwhile.
    still: grey levels of such change below which nothing is said. reach: pictures beside it that are looked at.
    """

    shortest: int = 4
    longest: int = 400
    alike: float = 0.85
    went_on: float = 0.5
    still: float = 1.0
    reach: int = 25


@dataclass(frozen=True, slots=True)
class Insertion:
    """Pictures [start, end). ratio: the change across them as a share of the change in as many beside; 0 is none."""

    start: int
    end: int
    ratio: float


def insertions(pictures: Pixels, shots: list[tuple[int, int]], settings: Settings) -> list[Insertion]:
    """The inserted segments of grey pictures (m, h, w), each of whole shots, in order; none within another."""
    follower = Follower(pictures.shape[1:])
    found: list[Insertion] = []
    for number in range(1, len(shots) - 1):
        start = shots[number][0]
        if found and start < found[-1].end:
            continue
        for before, after in _around(shots, number, settings):
            ratio = _ratio(pictures, before, after, settings)
            if ratio < settings.went_on and _goes_on(follower, pictures, before, after, settings):
                found.append(Insertion(start, after[0], ratio))
                break
    return found


def _around(
    shots: list[tuple[int, int]], number: int, settings: Settings
) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """The shot before `number`, and each that may follow on it behind a segment of lawful length, nearest first."""
    start = shots[number][0]
    following = [shot for shot in shots[number + 1 :] if settings.shortest <= shot[0] - start <= settings.longest]
    return [(shots[number - 1], shot) for shot in following]


def _ratio(pictures: Pixels, before: tuple[int, int], after: tuple[int, int], settings: Settings) -> float:
    """Change across the segment by the change in as many pictures beside it; 1 where that is too little to tell."""
    count = min(after[0] - before[1] + 1, settings.reach)
    last, first = before[1] - 1, after[0]
    changes = []
    if last - count >= before[0]:
        changes.append(_change(pictures[last - count], pictures[last]))
    if first + count < after[1]:
        changes.append(_change(pictures[first], pictures[first + count]))
    usual = min(changes, default=0.0)
    return _change(pictures[last], pictures[first]) / usual if usual >= settings.still else 1.0


def _goes_on(
    follower: Follower, pictures: Pixels, before: tuple[int, int], after: tuple[int, int], settings: Settings
) -> bool:
    return follower.step(pictures[before[1] - 1], pictures[after[0]]).likeness >= settings.alike


def _change(first: Pixels, second: Pixels) -> float:
    """Mean absolute difference of grey levels, blurred, which takes away what encoding changed."""
    apart: NDArray[np.float32] = first.astype(np.float32) - second
    return float(np.abs(cv2.blur(apart, (_BLUR, _BLUR))).mean())
