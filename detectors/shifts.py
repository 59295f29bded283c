"""Finds parts of a picture that repeat elsewhere, merely moved, by their noise: also where there is nothing else.

Two patches of sky look alike and do not share their noise; a copy does, until JPEG erases it. Peaks of the
autocorrelation propose offsets, agreement of the noise in place decides: it must stand above the agreement at offsets a
few pixels beside, which blur, stripes and the blocks of JPEG do not. Source of the evidence: Fridrich, Soukal & Lukáš
(2003), "Detection of copy–move forgery in digital images", whose blocks are searched here by the Fourier transform.

Knows grey pictures. Does not know turned or scaled copies.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from core.media import Pixels
from detectors.equalising import Equaliser, Floats

Mask = NDArray[np.bool_]
Plane = TypeVar("Plane", NDArray[np.float32], NDArray[np.bool_])
Offset = tuple[int, int]
_QUIET = 0.3  # least mean energy of the equalised noise: where JPEG left nothing, nothing agrees
_PATTERN = 1  # other offsets at which most of a part repeats, from which on it is a pattern and no copy
CONSTANTS = (_QUIET, _PATTERN)
"""What decides beside `Settings`, for a version."""


@dataclass(frozen=True, slots=True)
class Settings:
    """equaliser: of the noise. apart: least offset, pixels. around: side of the square, pixels, that a peak is measured
    against. peaks: proposals that are looked at. cell: side of a cell, pixels; window: side in cells of the
    correlation. least: correlation of a window that agrees, −1 to 1; edge: of those that hang together with such, and
    are drawn. beside: farthest offset, pixels, that a proposal
    is compared with; core: those up to here belong to its own peak.
    """

    equaliser: Equaliser = field(default_factory=lambda: Equaliser(sigma=2.0, wide=8.0, floor=0.3, loudest=20.0))
    apart: int = 24
    around: int = 31
    peaks: int = 16
    cell: int = 8
    window: int = 5
    least: float = 0.4
    edge: float = 0.2
    beside: int = 14
    core: int = 3


@dataclass(frozen=True, eq=False, slots=True)
class Shift:
    """A part that is found again. source, target: bool (h, w). offset: rows and columns from source to target.

    area: pixels that agree, of the source only; the masks hold their edges too. lead: correlation of the noise over
    these, less the largest at offsets beside; −1 to 1. evenness: of that noise, the mean magnitude over the
    root of the mean square: .80 of Gaussian noise, less where a few edges are all there is, as in drawings.
    """

    source: Mask
    target: Mask
    offset: Offset
    area: int
    lead: float
    evenness: float


def shifts(grey: Floats, settings: Settings) -> list[Shift]:
    """Parts of `grey`, float32 (h, w) 0–255, whose noise is found again elsewhere; the largest part of each offset."""
    noise = settings.equaliser(grey)
    energy = np.asarray(cv2.blur(noise * noise, (settings.cell, settings.cell)), np.float32)
    found = (_part(noise, energy, offset, settings) for offset in _proposals(noise, settings))
    parts = [part for part in found if part is not None]
    return [part for part in parts if not _woven(part, parts, settings.core)]


def _woven(part: Shift, parts: list[Shift], core: int) -> bool:
    """Whether what repeats does so at several offsets, as a pattern or a tiled watermark does all over a picture."""
    here = part.source | part.target
    others = [each for each in parts if not _alike(each.offset, part.offset, core)]
    covered = (np.count_nonzero(here & (each.source | each.target)) for each in others)
    return sum(int(count * 2 > np.count_nonzero(here)) for count in covered) >= _PATTERN


def _alike(one: Offset, other: Offset, core: int) -> bool:
    """The same way, or the way back."""
    return any(abs(one[0] - sign * other[0]) <= core and abs(one[1] - sign * other[1]) <= core for sign in (1, -1))


def _proposals(noise: Floats, settings: Settings) -> Iterator[Offset]:
    """Offsets at which the picture resembles itself more than at those around."""
    height, width = noise.shape
    rows, columns = cv2.getOptimalDFTSize(height), cv2.getOptimalDFTSize(width)
    spectrum = cv2.dft(cv2.copyMakeBorder(noise, 0, rows - height, 0, columns - width, cv2.BORDER_CONSTANT))
    likeness = cv2.idft(cv2.mulSpectrums(spectrum, spectrum, 0, conjB=True))
    size = (settings.around, settings.around)
    level = np.sqrt(np.maximum(cv2.blur(likeness * likeness, size, borderType=cv2.BORDER_REPLICATE), 0.0))
    far = np.add.outer(_circular(rows) ** 2, _circular(columns) ** 2) >= settings.apart**2
    # Both directions of a pair give a peak, of which half of the rows hold one.
    heights = np.where(far, likeness / np.maximum(level, 1e-6), 0.0)[: rows // 2 + 1]
    for _ in range(settings.peaks):
        row, column = divmod(int(heights.argmax()), columns)
        near = slice(max(0, row - settings.core), row + settings.core + 1)
        heights[near, max(0, column - settings.core) : column + settings.core + 1] = 0.0
        yield from _unwrapped((row, column), (rows, columns), (height, width), settings)


def _circular(count: int) -> NDArray[np.intp]:
    """Distance of each index from 0 around a circle."""
    places = np.arange(count)
    return np.minimum(places, count - places)


def _unwrapped(at: Offset, period: Offset, shape: Offset, settings: Settings) -> Iterator[Offset]:
    """The offsets that a place in a periodic autocorrelation stands for, with room for a window."""
    room = settings.cell * settings.window
    for down in (at[0], at[0] - period[0]):
        for right in (at[1], at[1] - period[1]):
            if abs(down) <= shape[0] - room and abs(right) <= shape[1] - room:
                yield down, right


def _part(noise: Floats, energy: Floats, offset: Offset, settings: Settings) -> Shift | None:
    """The largest part whose noise agrees with that at the offset. energy: mean square of a cell around each pixel."""
    cells = _agreement(noise, energy, offset, settings)
    count, labels, statistics, _ = cv2.connectedComponentsWithStats(_opened(cells > settings.least))
    if count < 2:
        return None
    core = labels == 1 + int(statistics[1:, cv2.CC_STAT_AREA].argmax())
    source, target = _placed(core, noise.shape, offset, settings)
    lead = _lead(noise, source, target, offset, settings)
    _, wider = cv2.connectedComponents(_opened(cells > settings.edge))
    around = np.isin(wider, np.unique(wider[core & (wider > 0)]))
    masks = _placed(core | around, noise.shape, offset, settings)
    return Shift(*masks, offset, int(source.sum()), lead, _evenness(noise[source]))


def _evenness(noise: Floats) -> float:
    return float(np.abs(noise).mean() / max(1e-6, float(np.sqrt((noise * noise).mean()))))


def _opened(cells: Mask) -> Pixels:
    """Without what is narrower than three cells; 0 and 1."""
    opened = cv2.morphologyEx(cells.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    return np.asarray(opened, dtype=np.uint8)


def _placed(cells: Mask, shape: tuple[int, ...], offset: Offset, settings: Settings) -> tuple[Mask, Mask]:
    """Cells of what lies over each other, as pixels of the picture: where from, where to."""
    inside = np.repeat(np.repeat(cells, settings.cell, axis=0), settings.cell, axis=1)
    source, target = np.zeros(shape, np.bool_), np.zeros(shape, np.bool_)
    _from(source, offset)[: inside.shape[0], : inside.shape[1]] = inside
    _to(target, offset)[: inside.shape[0], : inside.shape[1]] = inside
    return source, target


def _from(plane: Plane, offset: Offset) -> Plane:
    """The view of what stays within the plane when moved by the offset."""
    (down, right), (height, width) = offset, plane.shape
    return plane[max(0, -down) : height - max(0, down), max(0, -right) : width - max(0, right)]


def _to(plane: Plane, offset: Offset) -> Plane:
    """The view of where that goes."""
    return _from(plane, (-offset[0], -offset[1]))


def _agreement(noise: Floats, energy: Floats, offset: Offset, settings: Settings) -> Floats:
    """Correlation in windows around each whole cell of what lies over each other at the offset."""
    source, target = _from(noise, offset), _to(noise, offset)
    cell, size = settings.cell, (settings.window, settings.window)
    rows, columns = source.shape[0] // cell, source.shape[1] // cell
    whole = slice(0, rows * cell), slice(0, columns * cell)
    product = cv2.resize(source[whole] * target[whole], (columns, rows), interpolation=cv2.INTER_AREA)
    middles = slice(cell // 2, rows * cell, cell), slice(cell // 2, columns * cell, cell)  # cv2.blur is centred
    first, second = (
        cv2.blur(np.ascontiguousarray(each[middles]), size) for each in (_from(energy, offset), _to(energy, offset))
    )
    scale = np.sqrt(np.maximum(first * second, _QUIET**2))
    return np.asarray(cv2.blur(product, size) / scale, np.float32)


def _lead(noise: Floats, source: Mask, target: Mask, offset: Offset, settings: Settings) -> float:
    """Of the part's noise: correlation at the offset, less the largest in magnitude at offsets beside."""
    left, top, width, height = cv2.boundingRect(source.astype(np.uint8))
    box = slice(top, top + height), slice(left, left + width)
    part, reach = noise[box] * source[box], settings.beside
    padded = cv2.copyMakeBorder(noise, reach, reach, reach, reach, cv2.BORDER_CONSTANT)
    down, right = top + offset[0], left + offset[1]
    around = padded[down : down + height + 2 * reach, right : right + width + 2 * reach]
    sums = cv2.matchTemplate(around, part, cv2.TM_CCORR)
    scale = math.sqrt(float((noise[source] ** 2).sum()) * float((noise[target] ** 2).sum()))
    own = slice(reach - settings.core, reach + settings.core + 1)
    best = float(sums[own, own].max())
    sums[own, own] = 0.0
    return (best - float(np.abs(sums).max())) / max(1.0, scale)
