"""Whether DCT coefficients were quantised once before, with a coarser table: a likelihood for each earlier quality.

Method: after Bianchi & Piva (2012), "Image Forgery Localization via Block-Grained Analysis of JPEG Artifacts". The
histogram of a coefficient before any quantisation is estimated from the same picture on a shifted grid; from it
follow the histograms to expect after one quantisation, and after two with each candidate for the first. Only the
aligned case, and only tables of the IJG family as candidates. Knows histograms; verdicts are `jpeg_history`'s.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.media import Pixels
from core.parsers.jpeg import luma_table
from detectors import dct

Floats = NDArray[np.float64]

_REACH = 256  # |coefficient| that is looked at, dequantised
_STEPS = 2  # bins a unit of the unquantised histogram
_SHIFT = 4  # pixels: as far from the grid as can be


@dataclass(frozen=True, slots=True)
class Settings:
    """frequencies: so many AC coefficients in zigzag order. qualities: candidates for the first compression.

    noise: standard deviation, grey levels, of what decoding to whole pixels between the two adds to a coefficient.
    floor: share of probability spread evenly over all values, for what the model does not foresee.
    """

    frequencies: int = 14
    qualities: tuple[int, int] = (40, 98)
    noise: float = 0.6
    floor: float = 0.01


@dataclass(frozen=True, slots=True)
class Trace:
    """gain: log likelihood, nats a block, of two quantisations over one, at the best candidate; ≥0 in doubt.

    quality: that candidate's IJG quality. blocks: how many were used.
    """

    gain: float
    quality: int
    blocks: int


def trace(luma: Pixels, table: NDArray[np.uint16], settings: Settings) -> Trace:
    """The best explanation of the luma of a JPEG, uint8 (h, w) on its grid, by an earlier compression.

    table: the luma table it was read with, (8, 8). A picture without unsaturated blocks has gain 0 and no blocks.
    """
    on_grid, off_grid = _coefficients(luma), _coefficients(luma[_SHIFT:, _SHIFT:])
    if not len(on_grid) or not len(off_grid):
        return Trace(0.0, 100, 0)
    low, high = settings.qualities
    candidates = np.stack([luma_table(quality).reshape(64) for quality in range(low, high + 1)])
    gains = np.zeros(len(candidates))
    for index in dct.ZIGZAG[1 : settings.frequencies + 1]:
        step = int(table.reshape(64)[index])
        firsts, which = np.unique(candidates[:, index], return_inverse=True)
        gains += _gains(on_grid[:, index], off_grid[:, index], step, firsts, settings)[which]
    best = int(np.argmax(gains))
    return Trace(float(gains[best]) / len(on_grid), low + best, len(on_grid))


def _coefficients(luma: Pixels) -> NDArray[np.float32]:
    """Unquantised coefficients of the unsaturated blocks, (n, 64)."""
    pixels = dct.blocks(luma)
    return dct.transform(pixels[dct.unsaturated(pixels)]).reshape(-1, 64)


def _gains(
    seen: NDArray[np.float32], free: NDArray[np.float32], step: int, firsts: NDArray[np.int64], settings: Settings
) -> Floats:
    """Log likelihood over a single quantisation, nats, of each first step, for one coefficient."""
    reach = _REACH // step
    levels = np.rint(seen / step).astype(np.int64)
    counts = np.bincount(levels[np.abs(levels) <= reach] + reach, minlength=2 * reach + 1)
    bins = np.floor(free[np.abs(free) < _REACH] * _STEPS).astype(np.int64) + _REACH * _STEPS
    density = np.bincount(bins, minlength=2 * _REACH * _STEPS).astype(np.float64)
    # The true histogram is symmetric, and smoother than one picture's sample of it.
    density = _smooth(density + density[::-1])
    centres = (np.arange(len(density)) + 0.5) / _STEPS - _REACH
    alone = np.zeros(len(centres), np.int64)
    once = _expected(density, centres, alone, 1, step, reach, 1e-3, settings.floor)
    values, weights, which = _quantised(density, centres, firsts)
    twice = _expected(weights, values, which, len(firsts), step, reach, settings.noise, settings.floor)
    gains: Floats = (np.log(twice) - np.log(once)) @ counts
    return gains


def _quantised(density: Floats, centres: Floats, firsts: NDArray[np.int64]) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """The histogram after each first quantisation, those of all in a row: the values that are left, their weights, and
    which of `firsts` they come from, rising.
    """
    levels = np.rint(centres / firsts[:, None]).astype(np.int64)
    highest = int(np.abs(levels).max())
    width = 2 * highest + 1
    places = levels + highest + width * np.arange(len(firsts))[:, None]
    weights = np.bincount(places.ravel(), np.tile(density, len(firsts)), len(firsts) * width).astype(np.float64)
    held = np.flatnonzero(weights).astype(np.int64)
    which = held // width
    values = (held % width - highest).astype(np.float64) * firsts[which]
    return values, weights[held], which


def _expected(
    weights: Floats,
    values: Floats,
    which: NDArray[np.int64],
    rows: int,
    step: int,
    reach: int,
    noise: float,
    floor: float,
) -> Floats:
    """Probability of each level −reach to reach when `values` + noise, weighted, are quantised: (rows, levels), a row
    for each histogram, `which` value is of which. There may be no values: where all coefficients lie out of reach.
    """
    level = np.rint(values / step)
    offset = values / step - level
    spread = 1.702 * step / noise  # a logistic curve within 0.01 of the normal distribution function
    above, below = _logistic(spread * (offset - 0.5)), _logistic(spread * (-0.5 - offset))
    width = 2 * reach + 3
    histogram = np.zeros(rows * width)
    at = np.minimum(np.maximum(level + reach + 1, 0), width - 1).astype(np.int64)
    for shift, share in ((0, 1.0 - above - below), (1, above), (-1, below)):
        places = np.minimum(np.maximum(at + shift, 0), width - 1) + which * width
        histogram += np.bincount(places, weights * share, rows * width)
    inner = histogram.reshape(rows, width)[:, 1:-1]
    likely: Floats = (1.0 - floor) * inner / np.maximum(inner.sum(axis=1, keepdims=True), 1e-9) + floor / inner.shape[1]
    return likely


def _logistic(x: Floats) -> Floats:
    curve: Floats = 0.5 * (1.0 + np.tanh(0.5 * x))
    return curve


def _smooth(density: Floats) -> Floats:
    kernel = np.array([1.0, 2.0, 3.0, 2.0, 1.0])
    return np.convolve(density, kernel / kernel.sum(), mode="same")
