"""What the `film_timeline` parser read, and what passes between each picture and the next. Knows no edits.

Motion is dense optical flow by inverse search (Kroeger et al. 2016, "Fast optical flow using dense inverse search"), on
pictures of at most 128 pixels a side: enough to see that a picture is not where the motion would have brought it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from core.media import Pixels, View

Floats = NDArray[np.float64]
_LEVELS = 32  # of the histogram
_TOGETHER = 0.9  # correlation of neighbours, motion undone, which all but the quickest turns reach


@dataclass(frozen=True, eq=False, slots=True)
class Timeline:
    """A film's pictures and packets, with the arrays of `detectors.films.parser`."""

    times: Floats
    keyframes: NDArray[np.uint8]
    shown: Floats
    pictures: Pixels

    @property
    def whole(self) -> bool:
        """Whether every picture was decoded."""
        return len(self.shown) >= len(self.times)

    @property
    def seconds(self) -> float:
        """From the first picture to the end of the last one that was decoded."""
        return float(self.shown[-1] + self.pace) if len(self.shown) else 0.0

    @property
    def pace(self) -> float:
        """Median seconds between two pictures; 0.0 where there is one."""
        return float(np.median(np.diff(self.shown))) if len(self.shown) > 1 else 0.0


@dataclass(frozen=True, eq=False, slots=True)
class Steps:
    """From picture i to picture i + 1, each float64 (m - 1,).

    difference, residual: mean absolute difference of grey levels, 0 to 255, before and after the motion is undone.
    motion: mean length of the flow, pixels of the small pictures. likeness: correlation once the motion is undone, -1
    to 1. histogram: the share of grey levels in common, 0 to 1.
    """

    difference: Floats
    residual: Floats
    motion: Floats
    likeness: Floats
    histogram: Floats


@dataclass(frozen=True, slots=True)
class Step:
    """One of `Steps`."""

    difference: float
    residual: float
    motion: float
    likeness: float
    histogram: float


class Follower:
    """Compares two pictures once the motion between them is undone."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        """shape: (height, width) of all pictures."""
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
        columns, rows = np.meshgrid(np.arange(shape[1], dtype=np.float32), np.arange(shape[0], dtype=np.float32))
        self._grid = np.stack([columns, rows], axis=2)
        self._window = cv2.createHanningWindow((shape[1], shape[0]), cv2.CV_32F)

    def step(self, first: Pixels, second: Pixels) -> Step:
        """From one grey picture to another, both without gaps in memory.

        What local search does not bring together may have moved as a whole, by more than it reaches: the shift that
        the phases of both pictures agree on is tried then.
        """
        found = self._undone(first, second, np.zeros_like(self._grid))
        if found.likeness >= _TOGETHER:
            return found
        shift, _ = cv2.phaseCorrelate(first.astype(np.float32), second.astype(np.float32), self._window)
        moved = self._undone(first, second, np.full_like(self._grid, shift))
        return max(found, moved, key=lambda step: step.likeness)

    def _undone(self, first: Pixels, second: Pixels, start: NDArray[np.float32]) -> Step:
        """The step by the flow that is found from `start` on, float32 (h, w, 2)."""
        flow = self._flow.calc(first, second, start)
        target = self._grid + flow
        across, down = target[..., 0], target[..., 1]
        back = cv2.remap(second, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        height, width = first.shape
        inside = (target >= 0).all(axis=2) & (across <= width - 1) & (down <= height - 1)
        kept = inside if inside.mean() > 0.25 else np.ones_like(inside)
        here, there = first[kept].astype(np.float64), back[kept].astype(np.float64)
        return Step(
            float(cv2.absdiff(first, second).mean()),
            float(np.abs(here - there).mean()),
            float(np.linalg.norm(flow, axis=2).mean()),
            correlation(here, there),
            float(np.minimum(histogram(first), histogram(second)).sum()),
        )


def read(view: View) -> Timeline:
    """The timeline of a view without error."""
    arrays = view.arrays
    return Timeline(arrays["times"], arrays["keyframes"], arrays["shown"], arrays["pictures"])


def steps_of(pictures: Pixels) -> Steps:
    """What passes between neighbours of (m, h, w), for sides of 16 pixels and more."""
    follower = Follower(pictures.shape[1:])
    found = [follower.step(first, second) for first, second in pairwise(pictures)]
    return Steps(*(np.array([getattr(step, name) for step in found], np.float64) for name in Step.__dataclass_fields__))


def correlation(first: Floats, second: Floats) -> float:
    """Of two arrays of one size, -1 to 1; 1 for two flat ones, 0 for a flat one and another."""
    first, second = first - first.mean(), second - second.mean()
    lengths = float(np.linalg.norm(first)), float(np.linalg.norm(second))
    if min(lengths) < 1e-6:
        return 1.0 if max(lengths) < 1e-6 else 0.0
    return float(first.ravel() @ second.ravel()) / (lengths[0] * lengths[1])


def histogram(picture: Pixels) -> Floats:
    """Shares of the grey levels, eight to one."""
    return np.bincount(picture.ravel() >> 3, minlength=_LEVELS) / picture.size
