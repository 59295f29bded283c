"""What an enhancer did to a picture, in figures that go with its output: on the record, to the caller, in the manifest.

It measures the picture as the model made it, before it is marked and written, on up to sixteen pieces of at most 256
pixels a side: a megapixel, whatever the picture's size. The module knows pictures before and after, and no model.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from core.media import Pixels
from generators.base import Output, Value
from generators.probing import corners, noise_level

CONSISTENCY_RMSE, CONSISTENCY_MAX, MEAN_CHANGE = "consistency_rmse", "consistency_max", "mean_change"
SHARPNESS_BEFORE, SHARPNESS_AFTER = "sharpness_before", "sharpness_after"
NOISE_BEFORE, NOISE_AFTER = "noise_before", "noise_after"
CONSISTENCY_BEFORE, PROJECTION_RMS = "consistency_before", "projection_rms"
UNCERTAINTY_MEAN, UNCERTAINTY_P95, UNCERTAINTY_MAX = "uncertainty_mean", "uncertainty_p95", "uncertainty_max"
UNIT = "unit"
"""The note that says what the figures are in, where that is not 8-bit steps."""
NAMES = (
    CONSISTENCY_RMSE,
    CONSISTENCY_MAX,
    MEAN_CHANGE,
    SHARPNESS_BEFORE,
    SHARPNESS_AFTER,
    NOISE_BEFORE,
    NOISE_AFTER,
)
"""Every figure, as notes and messages call it. All are in 8-bit steps, or in what the note `UNIT` says; sharpness is in
their squares."""
MEDICAL_NAMES = (CONSISTENCY_BEFORE, PROJECTION_RMS, UNCERTAINTY_MEAN, UNCERTAINTY_P95, UNCERTAINTY_MAX)
"""Those of medical pictures on top."""

_SIDE = 256  # of a piece of the larger picture, pixels
_RIM = 4  # pixels of the smaller picture along a piece's edge where its reduction lacks surroundings
_DIGITS = 3

_Pair: TypeAlias = tuple[Pixels, Pixels]


def reported(source: Pixels, output: Output) -> Output:
    """`output` with a report among its notes of how it differs from `source`, RGB uint8 (h, w, 3)."""
    return replace(output, notes={**output.notes, **report(source, output.frame.pixels)})


def report(source: Pixels, made: Pixels) -> dict[str, float]:
    """The figures for `made`, RGB uint8, of the source's size or larger by a whole factor; rounded to 0.001.

    consistency_rmse, consistency_max: how far an enlargement, reduced again by bicubic, is from its source: root mean
    square and most. mean_change: of a picture of equal size, the mean absolute difference. sharpness_before, …_after:
    variance of the Laplacian of luma (J. L. Pech-Pacheco et al., ICPR 2000), each at its own size; noise counts too.
    noise_before, …_after: σ as `generators.probing.noise_level` finds it; texture counts too.
    """
    scale = made.shape[0] // source.shape[0]
    pairs = list(_pieces(source, made, scale))
    changed = _consistency(pairs) if scale > 1 else {MEAN_CHANGE: float(np.mean([_change(*pair) for pair in pairs]))}
    found = {
        **changed,
        SHARPNESS_BEFORE: float(np.mean([_sharpness(before) for before, _ in pairs])),
        SHARPNESS_AFTER: float(np.mean([_sharpness(after) for _, after in pairs])),
        NOISE_BEFORE: noise_level(source),
        NOISE_AFTER: noise_level(made),
    }
    return {name: round(value, _DIGITS) for name, value in found.items()}


def figures_in(notes: Mapping[str, Value]) -> dict[str, float]:
    """The figures among a model's notes, in the order of their names; none where it reported none."""
    return {name: float(notes[name]) for name in (*NAMES, *MEDICAL_NAMES) if name in notes}


def _pieces(source: Pixels, made: Pixels, scale: int) -> Iterator[_Pair]:
    side = max(_SIDE // scale, 1)
    for top, left in corners(source, side):
        before = source[top : top + side, left : left + side]
        after = made[top * scale : (top + side) * scale, left * scale : (left + side) * scale]
        yield before, after


def _consistency(pairs: list[_Pair]) -> dict[str, float]:
    errors = [_reduced_error(*pair) for pair in pairs]
    squares = np.mean(np.concatenate([np.square(error).ravel() for error in errors]))
    return {
        CONSISTENCY_RMSE: float(np.sqrt(squares)),
        CONSISTENCY_MAX: max(float(np.abs(error).max()) for error in errors),
    }


def _reduced_error(before: Pixels, after: Pixels) -> npt.NDArray[np.float64]:
    """Reduced minus source, in 8-bit steps, without the rim where the piece is large enough to have one."""
    height, width = before.shape[:2]
    small = Image.fromarray(after).resize((width, height), Image.Resampling.BICUBIC)
    error = np.asarray(small, np.float64) - before
    rows, columns = (slice(_RIM, side - _RIM) if side > 4 * _RIM else slice(None) for side in (height, width))
    return error[rows, columns]


def _change(before: Pixels, after: Pixels) -> float:
    return float(np.mean(np.abs(after.astype(np.int16) - before)))


def _sharpness(piece: Pixels) -> float:
    luma = cv2.cvtColor(np.ascontiguousarray(piece), cv2.COLOR_RGB2GRAY)
    return float(cv2.Laplacian(luma, cv2.CV_64F).var())
