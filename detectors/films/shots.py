"""Where one shot ends and another begins. A cut is no edit: films are made of them. Knows no edits."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np

from core.media import Pixels
from detectors.films.timeline import Follower, Steps

UNLIKE, RELATED = 0.55, 0.75
"""Neighbours that correlate less than the one once motion is undone, or share fewer grey levels than the other, belong
to two shots. Within one shot nearly all correlate above .88 and share above .92, cuts reach .55 and .79."""
_LITTLE = 4.0  # grey levels of change between neighbours, below which nobody cut


def shots(steps: Steps) -> list[tuple[int, int]]:
    """Pictures [start, end) of each shot, in order, for m - 1 steps between m pictures."""
    cut = (steps.likeness < UNLIKE) | (steps.histogram < RELATED)
    return list(pairwise([0, *(np.flatnonzero(cut) + 1).tolist(), len(cut) + 1]))


def quick_shots(pictures: Pixels) -> list[tuple[int, int]]:
    """As `shots`, from grey pictures (m, h, w) with sides of 16 pixels and more, without following all motion: where
    little changes there is no cut.
    """
    follower = Follower(pictures.shape[1:])
    bounds = [0]
    for at, (first, second) in enumerate(pairwise(pictures), 1):
        if float(cv2.absdiff(first, second).mean()) < _LITTLE:
            continue
        step = follower.step(first, second)
        if step.likeness < UNLIKE or step.histogram < RELATED:
            bounds.append(at)
    return list(pairwise([*bounds, len(pictures)]))
