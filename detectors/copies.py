"""What three searches find in one picture that may have been copied within it. Knows no verdict.

Repeating keypoints find copies with texture, turned or not; noise finds those that were merely moved, smooth ones too;
keypoints of the equalised picture find turned ones without much texture. A later search is asked only while nothing
was found.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.media import Pixels
from detectors import correlation, equalising, self_similarity, shifts
from detectors.correlation import Overlap
from detectors.equalising import Equaliser, Floats
from detectors.self_similarity import Repetition
from detectors.shifts import Mask, Shift

_WHOLE_SHARE = 0.01  # of the area; smaller repetitions (hooks, letters) weigh less
_WHOLE_AREA = 4000  # pixels of the reduced picture
_DRAWN, _NOISE = 0.6, 0.7  # evenness: drawings stay below .6, what is copied in photographs is mostly above .69
_QUARTER = 90.0  # degrees: the blocks of JPEG look alike when they are moved, and when they are turned by these
_TURNED, _SCALED, _SHEARED = 5.0, 1.2, 1.2
CONSTANTS = (
    *(_WHOLE_SHARE, _WHOLE_AREA, _DRAWN, _NOISE, _QUARTER, _TURNED, _SCALED, _SHEARED),
    *shifts.CONSTANTS,
    *equalising.CONSTANTS,
)
"""What decides beside `Settings`, for a version."""


@dataclass(frozen=True, slots=True)
class Repeating:
    """One search by keypoints. area: pixels; larger pictures are reduced before. look_alike, copy: median correlation
    of what merely looks alike, and of copies. strong: strength from which on it is taken for a copy.
    """

    area: int
    points: self_similarity.Settings
    overlaps: correlation.Settings
    look_alike: float
    copy: float
    strong: float


@dataclass(frozen=True, slots=True)
class Moving:
    """The search by noise. area, strong: as in `Repeating`."""

    area: int
    shifts: shifts.Settings
    strong: float


# Arches and balconies that were built alike reach .92, copies after JPEG and scaling exceed .97.
PLAIN = Repeating(400_000, self_similarity.Settings(), correlation.Settings(), look_alike=0.92, copy=0.97, strong=1.4)
MOVING = Moving(400_000, shifts.Settings(), strong=0.2)
# Noise has a say in equalised pictures: copies are less alike, and the blocks of JPEG reach .82.
FAINT = Repeating(
    200_000,
    self_similarity.Settings(features=1500, apart=18.0, slack=3.0),
    correlation.Settings(least=0.5),
    look_alike=0.75,
    copy=0.88,
    strong=1.2,
)
FAINT_EQUALISER = Equaliser(sigma=5.0, wide=10.0, floor=1.0)


@dataclass(frozen=True, slots=True)
class Settings:
    """How each of the three looks. equaliser: of the picture that the last one looks at."""

    plain: Repeating = PLAIN
    moving: Moving = MOVING
    faint: Repeating = FAINT
    equaliser: Equaliser = FAINT_EQUALISER


@dataclass(frozen=True, eq=False, slots=True)
class Copy:
    """Something that is there twice. source, target: bool (h, w), of the search's size. strength: from 0; convincing:
    whether it is enough. why: a sentence for people.
    """

    source: Mask
    target: Mask
    strength: float
    convincing: bool
    why: str


@dataclass(frozen=True, eq=False, slots=True)
class Copies:
    """keypoints: how many the picture gave. What each search found; nothing where it was not asked."""

    keypoints: int
    plain: tuple[Copy, ...] = ()
    moved: tuple[Copy, ...] = ()
    faint: tuple[Copy, ...] = ()

    @property
    def strengths(self) -> tuple[float, float, float]:
        """Of the strongest that each search found, or 0."""
        plain, moved, faint = (
            max((each.strength for each in found), default=0.0) for found in (self.plain, self.moved, self.faint)
        )
        return plain, moved, faint

    @property
    def convincing(self) -> list[Copy]:
        """Those that are strong enough."""
        return [each for each in (*self.plain, *self.moved, *self.faint) if each.convincing]


def search(pixels: Pixels, settings: Settings) -> Copies:
    """Copies within an RGB picture, uint8 (h, w, 3)."""
    grey = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)
    count, plain = _repeated(np.asarray(_reduced(grey, settings.plain.area), np.uint8), settings.plain)
    found = Copies(count, plain)
    if found.convincing:
        return found
    fine = np.asarray(_reduced(grey.astype(np.float32), settings.moving.area), np.float32)
    found = Copies(count, plain, _moved(fine, settings.moving))
    if found.convincing:
        return found
    even = settings.equaliser.picture(np.asarray(_reduced(fine, settings.faint.area), np.float32))
    return Copies(count, plain, found.moved, _repeated(even, settings.faint, turned)[1])


def strength(found: Overlap, look_alike: float, copy: float) -> float:
    """How much a repetition looks like a copy, from 0: matches inside it, logarithmic, by the share of pixels between
    them that agree, by how far these correlate beyond what look-alikes do, by size up to one percent of the area.
    """
    alike = min(1.0, max(0.0, (found.correlation - look_alike) / (copy - look_alike)))
    return math.log1p(found.members) * found.filled * alike * min(1.0, found.share / _WHOLE_SHARE)


def shift_strength(found: Shift) -> float:
    """How much a shift looks like a copy, 0 to 1: the lead of its noise, by how much that is noise and no drawing, by
    size up to some sixty blocks of JPEG, of which a few agree by chance.
    """
    noise = min(1.0, max(0.0, (found.evenness - _DRAWN) / (_NOISE - _DRAWN)))
    return max(0.0, found.lead) * noise * min(1.0, found.area / _WHOLE_AREA)


def _reduced(grey: NDArray[np.uint8] | Floats, area: int) -> NDArray[Any]:
    shrink = math.sqrt(area / grey.size)
    return cv2.resize(grey, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA) if shrink < 1 else grey


def _repeated(
    work: Pixels, how: Repeating, wanted: Callable[[Repetition], bool] = lambda _: True
) -> tuple[int, tuple[Copy, ...]]:
    """How many keypoints a grey picture gave, and where they repeat."""
    points = self_similarity.keypoints(work, how.points)
    groups = self_similarity.repetitions(points, self_similarity.match(points, how.points), how.points)
    overlaps = [correlation.overlap(work, group, how.overlaps) for group in groups if wanted(group)]
    return len(points.positions), tuple(_copy_of(each, how) for each in overlaps)


def _copy_of(found: Overlap, how: Repeating) -> Copy:
    value = strength(found, how.look_alike, how.copy)
    why = f"{found.members} keypoints repeat elsewhere in the picture, and the pixels between them agree."
    return Copy(found.source, found.target, value, value >= how.strong, why)


def _moved(fine: Floats, how: Moving) -> tuple[Copy, ...]:
    made = []
    for found in shifts.shifts(fine, how.shifts):
        value = shift_strength(found)
        why = f"The noise in {found.area / fine.size:.1%} of the picture repeats elsewhere in it."
        made.append(Copy(found.source, found.target, value, value >= how.strong, why))
    return tuple(made)


def turned(group: Repetition) -> bool:
    """Whether it is turned or scaled, no more. Of what is merely moved noise is the judge: blocks of JPEG repeat."""
    linear = group.affine[:, :2]
    angle = math.degrees(math.atan2(linear[1, 0], linear[0, 0])) % _QUARTER
    stretch = np.linalg.svd(linear, compute_uv=False)
    growth = math.sqrt(float(stretch[0] * stretch[1]))
    if stretch[0] > _SHEARED * stretch[1]:  # copies keep their shape: a few points in a row agree by chance
        return False
    return min(angle, _QUARTER - angle) > _TURNED or not 1 / _SCALED < growth < _SCALED
