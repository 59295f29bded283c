"""Where the pixels of a scene lie on the earth, before and after the grid became finer.

The corner of the scene stays where it is to the last bit, and the pixel's sides are divided by the factor: the bounds
are the same. The coordinate system itself is a matter of tags that are copied. Sources: OGC GeoTIFF 1.1, section 7.2
and B.6; GDAL's RPC model, whose line and sample 0 are the middle of the first pixel (RFC 22).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

SCALE, TIES, MATRIX, RPC = 33550, 33922, 34264, 50844
Floats: TypeAlias = NDArray[np.float64]
Tag: TypeAlias = tuple[int, Floats]
"""A TIFF tag of doubles: its code, and its values."""
RPC_VALUES = 92
_LINE_OFFSET, _SAMPLE_OFFSET, _LINE_SCALE, _SAMPLE_SCALE = 2, 3, 7, 8
_COLUMN, _ROW, _TIE = 0, 1, 6


@dataclass(frozen=True, eq=False, slots=True)
class Placement:
    """transform: (a, b, c, d, e, f), x = a·column + b·row + c and y = d·column + e·row + f, of pixel corners; None
    where ground control points (ties, (n, 6)) or a camera's model (rpc, (92,)) say all.

    point: coordinates name middles of pixels. vertical: scale and offset of heights.
    """

    transform: tuple[float, ...] | None
    point: bool = False
    vertical: tuple[float, float] = (0.0, 0.0)
    ties: Floats | None = None
    rpc: Floats | None = None

    @property
    def is_known(self) -> bool:
        """Whether anything says where the pixels lie."""
        return self.transform is not None or self.ties is not None or self.rpc is not None

    def finer(self, factor: int) -> Placement:
        """The same ground with `factor` times as many pixels along each side."""
        return replace(
            self,
            transform=None if self.transform is None else _finer_transform(self.transform, factor),
            ties=None if self.ties is None else _finer_ties(self.ties, factor, self.point),
            rpc=None if self.rpc is None else _finer_rpc(self.rpc, factor),
        )

    def tags(self) -> list[Tag]:
        """The TIFF tags that say so."""
        found: list[Tag] = []
        if self.transform is not None:
            found += self._transform_tags(*self.transform)
        if self.ties is not None:
            found.append((TIES, self.ties.ravel()))
        if self.rpc is not None:
            found.append((RPC, self.rpc))
        return found

    def _transform_tags(self, a: float, b: float, c: float, d: float, e: float, f: float) -> list[Tag]:
        """A pixel's size and a tie point where rows run south and columns east; a matrix for anything turned."""
        scale, offset = self.vertical
        if self.point:
            c, f = _before(c, (a + b) * 0.5), _before(f, (d + e) * 0.5)
        if b == 0 and d == 0 and a > 0 and e < 0:
            return [(SCALE, np.array([a, -e, scale])), (TIES, np.array([0.0, 0.0, 0.0, c, f, offset]))]
        rows = [[a, b, 0, c], [d, e, 0, f], [0, 0, scale, offset], [0, 0, 0, 1]]
        return [(MATRIX, np.array(rows, np.float64).ravel())]


def _finer_transform(transform: tuple[float, ...], factor: int) -> tuple[float, ...]:
    a, b, c, d, e, f = transform
    return (a / factor, b / factor, c, d / factor, e / factor, f)


def _finer_ties(ties: Floats, factor: int, point: bool) -> Floats:
    """The same places on the ground, in the new grid's columns and rows."""
    half = 0.5 if point else 0.0
    moved = ties.copy()
    for axis in (_COLUMN, _ROW):
        moved[:, axis] = (ties[:, axis] + half) * factor - half
    return moved


def _finer_rpc(rpc: Floats, factor: int) -> Floats:
    moved = rpc.copy()
    for offset, scale in ((_LINE_OFFSET, _LINE_SCALE), (_SAMPLE_OFFSET, _SAMPLE_SCALE)):
        moved[offset] = (rpc[offset] + 0.5) * factor - 0.5
        moved[scale] = rpc[scale] * factor
    return moved


def _before(corner: float, half: float) -> float:
    """What readers get `corner` from when they take `half` off again: half a pixel on, but for the last bit."""
    middle = corner + half
    for candidate in (middle, math.nextafter(middle, math.inf), math.nextafter(middle, -math.inf)):
        if candidate - half == corner:
            return candidate
    return middle
