"""Where every picture of a burst lies on the first, to a small fraction of a pixel.

Phase correlation finds the shift (M. Guizar-Sicairos et al., Optics Letters 2008; scikit-image), which may be large;
maximising the enhanced correlation coefficient refines it to an affine map (G. D. Evangelidis, E. Z. Psarakis, TPAMI
2008; OpenCV). Looked at are the middle 1,024 pixels. This module knows positions, and not what is made of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.registration import phase_cross_correlation

from core.errors import InvalidInput

Plane: TypeAlias = NDArray[np.float32]
Matrix: TypeAlias = NDArray[np.float64]
LEAST_CORRELATION = 0.6
"""Of a picture with the first one, where they overlap: below it they do not show the same."""
LEAST_OVERLAP = 0.5
"""Of the first picture's area."""
_SIDE = 1024  # of what is looked at, pixels
_AFFINE_SIDE = 64  # from which side on a picture tells six numbers and not just two
_STEPS = 50  # parts of a pixel that phase correlation tells apart
_ROUNDS, _EPSILON, _BLUR = 60, 1e-6, 5


@dataclass(frozen=True, eq=False, slots=True)
class Alignment:
    """matrix: float64 (2, 3), from (x, y) of the first picture to (x, y) of this one; middles of pixels are whole.

    correlation: −1 to 1. overlap: of the first picture's area, 0 to 1.
    """

    matrix: Matrix
    correlation: float
    overlap: float

    @property
    def lies_on_the_first(self) -> bool:
        """Whether it may be merged."""
        return self.correlation >= LEAST_CORRELATION and self.overlap >= LEAST_OVERLAP

    @property
    def words(self) -> str:
        """The figures, for people."""
        return f"correlation {self.correlation:.2f}, overlap {self.overlap:.0%}"


def align(first: Plane, other: Plane) -> Alignment:
    """Where `other` lies on `first`, both luma float32 (h, w) of one size, 0 to 1."""
    top, left = ((side - min(side, _SIDE)) // 2 for side in first.shape)
    window = slice(top, top + _SIDE), slice(left, left + _SIDE)
    seen, moved = (np.ascontiguousarray(plane[window]) for plane in (first, other))
    matrix = _refined(seen, moved, _shift(seen, moved))
    correlation = _correlation(seen, moved, matrix)
    return Alignment(
        _from_corner(matrix, left, top), correlation, overlap(first.shape, _from_corner(matrix, left, top))
    )


def refuse_strangers(alignments: list[Alignment]) -> None:
    """Raises InvalidInput, naming the picture, for one that does not lie on the first. Pictures are counted from 1."""
    for number, each in enumerate(alignments, start=2):
        if not each.lies_on_the_first:
            raise InvalidInput(
                f"picture {number} of the burst does not show what the first one shows",
                field=f"burst[{number - 2}]",
                limit=f"correlation {LEAST_CORRELATION}, overlap {LEAST_OVERLAP:.0%}",
                found=each.words,
            )


def overlap(shape: tuple[int, ...], matrix: Matrix) -> float:
    """Share of the first picture that lies within another of the same size."""
    height, width = shape[:2]
    rows, columns = (np.linspace(0, side - 1, min(side, 64)) for side in (height, width))
    x, y = np.meshgrid(columns, rows)
    there_x, there_y = (matrix[axis, 0] * x + matrix[axis, 1] * y + matrix[axis, 2] for axis in (0, 1))
    inside = (there_x > -0.5) & (there_x < width - 0.5) & (there_y > -0.5) & (there_y < height - 0.5)
    return float(inside.mean())


def _shift(first: Plane, other: Plane) -> Matrix:
    if min(first.shape) < 2 or not (np.ptp(first) and np.ptp(other)):
        return _shifted(0.0, 0.0)
    window = np.outer(*(np.hanning(side + 2)[1:-1] for side in first.shape)).astype(np.float32)
    planes = [(plane - plane.mean()) * window for plane in (first, other)]
    (down, right), _, _ = phase_cross_correlation(  # type: ignore[no-untyped-call]
        *planes, upsample_factor=_STEPS, normalization=None
    )
    return _shifted(-float(right), -float(down))


def _shifted(right: float, down: float) -> Matrix:
    return np.array([[1.0, 0.0, right], [0.0, 1.0, down]])


def _refined(first: Plane, other: Plane, start: Matrix) -> Matrix:
    """The same more exactly; the start where the search leads nowhere."""
    motion = cv2.MOTION_AFFINE if min(first.shape) >= _AFFINE_SIDE else cv2.MOTION_TRANSLATION
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, _ROUNDS, _EPSILON)
    everything = np.full(first.shape, 255, np.uint8)
    try:
        _, found = cv2.findTransformECC(first, other, start.astype(np.float32), motion, stop, everything, _BLUR)
    except cv2.error:  # no overlap, or nothing to see
        return start
    refined = np.asarray(found, np.float64)
    return refined if np.isfinite(refined).all() and _is_gentle(refined) else start


def _is_gentle(matrix: Matrix) -> bool:
    """Whether a map turns and stretches no more than pictures of a burst do."""
    return bool(np.abs(matrix[:, :2] - np.eye(2)).max() < 0.2)


def _correlation(first: Plane, other: Plane, matrix: Matrix) -> float:
    """Pearson's, where both are; 0 where one of them is of one colour there."""
    size = (first.shape[1], first.shape[0])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    warped = cv2.warpAffine(other, matrix, size, flags=flags, borderValue=(float("nan"),))
    both = np.isfinite(warped)
    if both.sum() < 2:
        return 0.0
    one, two = first[both].astype(np.float64), warped[both].astype(np.float64)
    spread = float(one.std() * two.std())
    return float(((one - one.mean()) * (two - two.mean())).mean() / spread) if spread > 1e-9 else 0.0


def _from_corner(matrix: Matrix, left: int, top: int) -> Matrix:
    """The same map where (0, 0) is the picture's corner and not the window's."""
    moved = matrix.copy()
    corner = np.array([left, top], np.float64)
    moved[:, 2] += corner - matrix[:, :2] @ corner
    return moved
