"""The trace that interpolation leaves: second differences of a resampled picture vary periodically.

Each new pixel is a mean of old ones whose weights repeat with the ratio of the sizes, and so does the variance of its
second difference. A picture scaled by s has a line at the frequency 1/s, folded to 0–0.5 cycles a pixel, or where
blocks and sensors had theirs before, divided by s; the same along rows and columns. Fences and tiles have theirs along
one, or at two different ones.
Source: Gallagher (2005), "Detection of linear and cubic interpolation in JPEG compressed images"; Mahdian and Saic
(2008). Knows pictures; verdicts are `resampling`'s.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.media import Pixels

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Settings:
    """side: of the middle that is looked at, pixels. bins: of the spectrum, up to 0.5 cycles a pixel.

    cap: second differences above count as this many grey levels: edges would drown the rest. trend: pixels over which
    the scene's own variation is taken out. lowest: frequency below which the scene speaks. grid: half width, in cycles,
    of what is left out around multiples of 1/8, where JPEG blocks have their lines. rest: bins over which the
    neighbourhood of a line is measured. lopsided: how much stronger a line may count along one axis
    than along the other.
    """

    side: int = 2048
    bins: int = 2048
    cap: float = 12.0
    trend: int = 33
    lowest: float = 0.03
    grid: float = 0.004
    rest: int = 255
    lopsided: float = 3.0


@dataclass(frozen=True, slots=True)
class Line:
    """The strongest line. strength: its amplitude over the neighbourhood's median, geometric mean of both axes; about 2
    where there is none. frequency: cycles a pixel, 0–0.5.
    """

    strength: float
    frequency: float


def strongest(pixels: Pixels, settings: Settings) -> Line:
    """Of RGB uint8 (h, w, 3), sides of 64 or more."""
    whole = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
    grey = _middle(whole, settings.side).astype(np.float32)
    rows, columns = (lines(each, settings) for each in (grey, grey.T))
    both = np.sqrt(np.minimum(rows, settings.lopsided * columns) * np.minimum(columns, settings.lopsided * rows))
    both[~_allowed(settings)] = 0.0
    best = int(np.argmax(both))
    return Line(float(both[best]), best / (2 * settings.bins))


def lines(grey: NDArray[np.float32], settings: Settings) -> Floats:
    """Amplitudes along the rows over their neighbourhood's median, float64 (bins,), from 0 to 0.5 cycles a pixel."""
    second = np.abs(2 * grey[:, 1:-1] - grey[:, :-2] - grey[:, 2:])
    along = np.minimum(second, settings.cap).mean(axis=0)
    trend = cv2.blur(along[None], (settings.trend, 1), borderType=cv2.BORDER_REFLECT)[0]
    signal = (along - trend) / (trend + 0.1)
    spectrum = np.abs(np.fft.rfft(signal * np.hanning(len(signal)), 2 * settings.bins))[: settings.bins]
    return np.asarray(spectrum / (_medians(spectrum, settings.rest) + 1e-9), dtype=np.float64)


def _medians(values: Floats, width: int) -> Floats:
    """The median around every eighth value, drawn out to all."""
    step, half = 8, width // 2
    padded = np.pad(values, half, mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, width)[::step]
    at = np.arange(0, len(values), step)
    return np.interp(np.arange(len(values)), at, np.median(windows, axis=1)[: len(at)])


def _allowed(settings: Settings) -> NDArray[np.bool_]:
    frequency = np.arange(settings.bins) / (2 * settings.bins)
    off_grid = np.abs(frequency * 8 - np.round(frequency * 8)) / 8 > settings.grid
    allowed: NDArray[np.bool_] = off_grid & (frequency >= settings.lowest)
    return allowed


def _middle(grey: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    height, width = grey.shape
    top, left = max(0, (height - side) // 2), max(0, (width - side) // 2)
    return grey[top : top + side, left : left + side]
