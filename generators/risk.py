"""Where an output holds detail that the pixels of its source do not support: what a model may have invented.

A local question is asked around every pixel of the source: how much of what was added is no function of what was there?

1. Added is the output less the source enlarged by bicubic. Sharpening, smoothing and contrast, in whatever amount, are
   linear functions of the source and its details nearby, so they are taken out by a local regression (as the guided
   filter has it: K. He, J. Sun, X. Tang, IEEE TPAMI 2013). What remains follows from nothing in the source.
2. An enlargement is reduced again and asked the same: what contradicts the source is worse than what goes beyond it
   (data consistency, as S. Menon et al., "PULSE", CVPR 2020, ask of every output).
3. Where the source has fine detail of its own, an honest model may do more with it than regression tells, because
   energy falls from octave to octave by what is nearly a law (D. J. Field, JOSA A 1987). So much is allowed for.

It cannot tell a true detail from an invented one: neither is in the source. It says where belief has nothing to rest
on. Only lightness is looked at. This module knows pictures before and after; it knows no model.
"""

from __future__ import annotations

from itertools import combinations_with_replacement
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from core.media import Pixels
from generators.base import IsCancelled, stop_if
from generators.tiling import Plan, spans

Plane: TypeAlias = npt.NDArray[np.float32]

THRESHOLD = 6.0
"""Root mean square of unsupported detail, 8-bit steps, from which on a place is at risk: beyond what rounding, JPEG and
every method that ships leave on nearly every photograph that was tried, and as much as makes a texture visible.
"""
MAP_GAIN = 8
"""Grey levels of a map for each 8-bit step."""
_ALLOWED_LARGER, _ALLOWED_EQUAL = 0.8, 0.6
"""Of the source's own fine detail around a place, how much an output may hold unexplained: more where an octave has to
be made up. The best of sweeps on photographs: 0.4 lights up honest networks, 1.0 hides inventions in textures.
"""
_WINDOW = 9  # side of what is around a pixel, of the source; a dozen independent samples for each unknown
_SCALES = (0.8, 1.6)  # σ of the blurs between which details are told apart, pixels of the source
_FINEST = 1.0  # σ below which a detail of the source counts as fine, pixels
_RIDGE = 1.0  # 8-bit steps squared, in which rounding drowns: flat places explain nothing
_PLAN = Plan(size=256, margin=16)  # half a window, four σ of the coarser blur and bicubic's reach


def unsupported(before: Pixels, after: Pixels) -> Plane:
    """Root mean square of unsupported detail around every pixel of `before`, float32 (h, w), 8-bit steps from 0 on.

    before, after: RGB uint8, `after` of equal size or larger by a whole factor.
    """
    source, made = _lightness(before), _lightness(after)
    scale = made.shape[0] // source.shape[0]
    beyond = _unexplained(source, made, scale)
    if scale > 1:
        beyond += _unexplained(source, _resized(made, source.shape), 1)
    own = _mean(np.square(source - _blurred(source, _FINEST)), source.shape)
    allowed = (_ALLOWED_LARGER if scale > 1 else _ALLOWED_EQUAL) ** 2 * own
    found: Plane = np.sqrt(np.maximum(beyond - allowed, 0.0))
    return found


def risk_map(before: Pixels, after: Pixels, cancelled: IsCancelled) -> Pixels:
    """`unsupported` of whole pictures as greys, RGB uint8 of the size of `before`: `MAP_GAIN` levels a step, up to 255.

    Tile by tile, so that memory is bounded by the tile. Raises Cancelled between tiles.
    """
    height, width = before.shape[:2]
    scale = after.shape[0] // height
    drawn = np.empty((height, width), np.uint8)
    for row in spans(height, _PLAN):
        for column in spans(width, _PLAN):
            stop_if(cancelled)
            rows, columns = (slice(span.low, span.high) for span in (row, column))
            larger = after[_times(rows, scale), _times(columns, scale)]
            found = unsupported(before[rows, columns], larger)[row.kept(1), column.kept(1)]
            drawn[row.start : row.stop, column.start : column.stop] = np.rint(np.minimum(MAP_GAIN * found, 255))
    return np.repeat(drawn[..., None], 3, axis=2)


def _unexplained(source: Plane, made: Plane, scale: int) -> Plane:
    """Mean square, around every pixel of the source, of what was added and no local regression on it explains.

    The matrix of covariances of (source, its details, added) is reduced by one explaining quantity after another
    (Schur complements); what is left of the variance of `added` is the regression's residual.
    """
    base = _resized(source, made.shape) if scale > 1 else source
    near, far = (_blurred(base, sigma * scale) for sigma in _SCALES)
    quantities = (base, base - near, near - far, made - base)
    last = len(quantities) - 1
    means = [_mean(each, source.shape) for each in quantities]
    pairs = combinations_with_replacement(range(len(quantities)), 2)
    covariance = {(i, j): _mean(quantities[i] * quantities[j], source.shape) - means[i] * means[j] for i, j in pairs}
    for k in range(last):
        pivot = covariance[k, k] + _RIDGE
        for i, j in combinations_with_replacement(range(k + 1, last + 1), 2):
            covariance[i, j] = covariance[i, j] - covariance[k, i] * covariance[k, j] / pivot
    return np.maximum(covariance[last, last], 0.0)


def _mean(values: Plane, shape: tuple[int, ...]) -> Plane:
    """The mean of `values` around every pixel of the source, whose shape (h, w) is given."""
    small = values if values.shape == shape else cv2.resize(values, shape[::-1], interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.blur(small, (_WINDOW, _WINDOW), borderType=cv2.BORDER_REFLECT_101), np.float32)


def _blurred(values: Plane, sigma: float) -> Plane:
    return np.asarray(cv2.GaussianBlur(values, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101), np.float32)


def _resized(values: Plane, shape: tuple[int, ...]) -> Plane:
    """By Pillow, whose bicubic looks as far as it has to when it reduces; OpenCV's does not."""
    height, width = shape
    return np.asarray(Image.fromarray(values).resize((width, height), Image.Resampling.BICUBIC), np.float32)


def _lightness(pixels: Pixels) -> Plane:
    """Y of BT.601, 0 to 255, unrounded."""
    return np.asarray(cv2.cvtColor(np.asarray(pixels, np.float32), cv2.COLOR_RGB2GRAY), np.float32)


def _times(piece: slice, scale: int) -> slice:
    return slice(piece.start * scale, piece.stop * scale)
