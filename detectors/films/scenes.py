"""Which of a film's sampled pictures belong to which shot. Knows no detector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import cv2
import numpy as np

from core.media import Frame, Pixels, View
from detectors.films.shots import RELATED, quick_shots
from detectors.films.timeline import Timeline, histogram, read

LEAST_SIDE = 16
"""Pixels of the small pictures' shorter side: flow needs them."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One shot. start, end: seconds. frames: numbers of the sampled pictures in it; maybe none. pictures: [start, end)
    in the timeline; None where that was not read.
    """

    start: float
    end: float
    frames: tuple[int, ...]
    pictures: tuple[int, int] | None = None


def scenes(frames: Sequence[Frame], view: View) -> list[Scene]:
    """The shots in order; each of `frames`, one or more, is in one of them.

    view: of `detectors.films.parser`. Where it was not read, or ends, a shot ends between two sampled pictures that
    have few grey levels in common.
    """
    timeline = usable(view)
    found = _read(frames, timeline) if timeline else []
    behind = timeline.seconds if timeline else 0.0
    return found + _sampled(
        frames, [number for number, frame in enumerate(frames) if not found or frame.time >= behind]
    )


def thinned(cut: Sequence[Scene], a_shot: int, most: int) -> list[Scene]:
    """The same shots with fewer pictures: at most `a_shot` each and `most` in all, evenly spread.

    Where there are more shots than that, some have none.
    """
    full = [at for at, scene in enumerate(cut) if scene.frames]
    kept = {full[at] for at in _spread(len(full), most)}
    each = max(1, min(a_shot, most // max(1, len(kept))))
    return [
        replace(
            scene, frames=tuple(scene.frames[at] for at in _spread(len(scene.frames), each)) if number in kept else ()
        )
        for number, scene in enumerate(cut)
    ]


def _spread(held: int, count: int) -> list[int]:
    """At most `count` of `held` places, each in the middle of an equal share."""
    count = min(held, count)
    return [(2 * at + 1) * held // (2 * count) for at in range(count)]


def usable(view: View) -> Timeline | None:
    """The timeline, where it was read and its pictures are large enough to follow motion."""
    if view.error or "pictures" not in view.arrays or min(view.arrays["pictures"].shape[1:]) < LEAST_SIDE:
        return None
    timeline = read(view)
    return timeline if len(timeline.shown) > 1 else None


def _read(frames: Sequence[Frame], timeline: Timeline) -> list[Scene]:
    made = []
    for start, end in quick_shots(timeline.pictures):
        first = float(timeline.shown[start])
        last = float(timeline.shown[end]) if end < len(timeline.shown) else timeline.seconds
        inside = tuple(number for number, frame in enumerate(frames) if first <= frame.time < last)
        made.append(Scene(first, last, inside, (start, end)))
    return made


def _sampled(frames: Sequence[Frame], numbers: list[int]) -> list[Scene]:
    """Shots of the sampled pictures alone, each of which ends with its last picture."""
    if not numbers:
        return []
    levels = [histogram(_grey(frames[number].pixels)) for number in numbers]
    breaks = [at for at in range(1, len(numbers)) if np.minimum(levels[at - 1], levels[at]).sum() < RELATED]
    groups = [numbers[start:end] for start, end in pairwise([0, *breaks, len(numbers)])]
    return [Scene(frames[group[0]].time, frames[group[-1]].time, tuple(group)) for group in groups]


def _grey(pixels: Pixels) -> Pixels:
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)
