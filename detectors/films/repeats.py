"""Segments of a film that show once more what it has already shown, picture for picture.

Method: self-match by diagonals. Two pictures are the same where they differ far less than either differs from its own
neighbours a few pictures away; a segment is the same where that holds for all its pictures at one lag. So what does not
move repeats nothing, whatever it looks like. Works on small grey pictures, which hide most of what encoding changes.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.media import Pixels

Floats = NDArray[np.float32]

_CANDIDATES = 1000
"""Repeats that are looked at: a film may be made so that everything repeats everywhere."""


@dataclass(frozen=True, slots=True)
class Settings:
    """side: of what is compared, pixels. near: pictures between a picture and the neighbour it is held against. still:
    the distance between these below which nothing moves. same: the share of that distance within which two pictures
    are one. wider: medians of the distance within a segment, up to which its neighbours belong to it. shortest:
    pictures of a segment. hole: pictures within it that may differ, as keyframes do. most: segments.
    """

    side: int = 32
    near: int = 8
    still: float = 0.02
    same: float = 0.5
    wider: float = 1.5
    shortest: int = 10
    hole: int = 2
    most: int = 8


@dataclass(frozen=True, slots=True)
class Repeat:
    """Pictures [start, end) show what those `lag` earlier show. ratio: median distance between them as a share of the
    distance of neighbours; 0 is the same, from `Settings.same` on another.
    """

    start: int
    end: int
    lag: int
    ratio: float


def repeats(pictures: Pixels, settings: Settings) -> list[Repeat]:
    """The repeated segments of grey pictures (m, h, w), longest first; none overlaps a longer one at both ends."""
    if len(pictures) < settings.shortest + settings.near + 1:
        return []
    apart = _distances(pictures, settings)
    activity = _activity(apart, settings)
    found: list[Repeat] = []
    for lag in range(settings.shortest, len(pictures) - settings.shortest):
        reach = np.minimum(activity[lag:], activity[:-lag])
        between = np.diagonal(apart, lag)
        ratio = between / np.maximum(reach, 1e-6)
        same = (ratio < settings.same) & (reach > settings.still)
        for start, end in _runs(same, settings.hole):
            if end - start >= settings.shortest and same[start:end].mean() > 0.8:
                first, last = _widened(between, start, end, lag, settings)
                found.append(Repeat(first + lag, last + lag, lag, float(np.median(ratio[start:end]))))
        if len(found) > _CANDIDATES:  # made to repeat: what is shorter would not be told anyway
            found = sorted(found, key=_rank)[: _CANDIDATES // 2]
    return _longest(found, settings.most)


def _distances(pictures: Pixels, settings: Settings) -> Floats:
    """(m, m): of unit vectors, 0 for the same picture whatever its brightness, 2 for its negative."""
    size = settings.side, settings.side
    small = np.stack([cv2.resize(one, size, interpolation=cv2.INTER_AREA) for one in pictures])
    flat = small.reshape(len(small), -1).astype(np.float32)
    flat -= flat.mean(axis=1, keepdims=True)
    # Below two grey levels of contrast there is only noise, which must not be blown up.
    flat /= np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 2.0 * settings.side)
    squared = (flat**2).sum(axis=1)
    between: Floats = np.sqrt(np.maximum(squared[:, None] + squared[None, :] - 2 * flat @ flat.T, 0.0))
    return between


def _activity(apart: Floats, settings: Settings) -> Floats:
    """(m,): how far each picture is from the nearer one of its neighbours at `near`."""
    beside = np.diagonal(apart, settings.near)
    edge = np.full(settings.near, np.inf, np.float32)
    least: Floats = np.minimum(np.concatenate([edge, beside]), np.concatenate([beside, edge]))
    return least


def _runs(same: NDArray[np.bool_], hole: int) -> list[tuple[int, int]]:
    """[start, end) of stretches that are true but for holes."""
    places = np.flatnonzero(same)
    if not len(places):
        return []
    breaks = np.flatnonzero(np.diff(places) > hole + 1)
    starts = places[np.concatenate([[0], breaks + 1])]
    ends = places[np.concatenate([breaks, [len(places) - 1]])] + 1
    return list(zip(starts.tolist(), ends.tolist(), strict=True))


def _widened(between: Floats, start: int, end: int, lag: int, settings: Settings) -> tuple[int, int]:
    """[start, end) with the pictures on both sides that are as much the same, though they may not move; never so many
    that the two segments meet.
    """
    alike = between <= settings.wider * np.median(between[start:end])
    room = max(0, lag - (end - start))
    before, after = alike[max(0, start - room) : start][::-1], alike[end : end + room]
    left = len(before) if before.all() else int(before.argmin())
    right = len(after) if after.all() else int(after.argmin())
    return (start - left, min(end + right, start - left + max(lag, end - start)))


def _longest(found: list[Repeat], most: int) -> list[Repeat]:
    """The `most` longest, without those that a longer one explains: overlapping it in what repeats and in what is
    repeated.
    """
    kept: list[Repeat] = []
    for one in sorted(found, key=_rank):
        if len(kept) == most:
            break
        if not any(_overlap(one, other) for other in kept):
            kept.append(one)
    return kept


def _rank(repeat: Repeat) -> tuple[int, float, int]:
    """Longest first."""
    return repeat.start - repeat.end, repeat.ratio, repeat.lag


def _overlap(first: Repeat, second: Repeat) -> bool:
    later = first.start < second.end and second.start < first.end
    earlier = first.start - first.lag < second.end - second.lag and second.start - second.lag < first.end - first.lag
    return later and earlier
