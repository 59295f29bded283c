"""What the pixels of a picture are like, in figures that need no network: noise, spectrum, differences, colours.

They are taken of the middle of the picture at its own resolution: scaling would remove what they look for. None of them
knows how large the picture is. What they mean, this module does not know.
"""

from __future__ import annotations

from itertools import combinations

import cv2
import numpy as np
from numpy.typing import NDArray

from core.media import Pixels

Plane = NDArray[np.float32]
WINDOW = 512
"""Pixels of the sides of what is looked at, at most."""
_TILE = 32
_RINGS = 10
_LEAST = 1e-3  # grey levels: what is below is no noise, but rounding


def statistics(pixels: Pixels) -> NDArray[np.float32]:
    """float32 (d,), all finite, of RGB uint8 (h, w, 3) with sides of 64 or more."""
    window = middle(pixels)
    planes = np.moveaxis(window.astype(np.float32), 2, 0)
    luma = np.asarray(cv2.cvtColor(window, cv2.COLOR_RGB2GRAY), np.float32)
    residual = luma - np.asarray(cv2.medianBlur(luma, 3), np.float32)
    parts = (
        _spectrum(residual),
        _neighbours(planes, luma),
        _noise(planes),
        _coefficients(luma),
        _floor(luma, residual),
        _colours(window, luma),
    )
    return np.nan_to_num(np.concatenate(parts).astype(np.float32), posinf=0.0, neginf=0.0)


def middle(pixels: Pixels) -> Pixels:
    """The window in the middle, its sides multiples of the tile's."""
    starts_and_sides = []
    for side in pixels.shape[:2]:
        kept = min(side, WINDOW) // _TILE * _TILE
        starts_and_sides.append(((side - kept) // 2, kept))
    (top, height), (left, width) = starts_and_sides
    return np.ascontiguousarray(pixels[top : top + height, left : left + width])


def _spectrum(residual: Plane) -> Plane:
    """Of the residual, by rings of frequency, less their mean: its shape. Then how far horizontal, vertical and
    diagonal differ, and how far the frequencies of doubling and of blocks stand out of their ring: upsampling leaves
    peaks there (Durall et al. 2020).
    """
    tiles = _tiles(residual, _TILE) * np.outer(np.hanning(_TILE), np.hanning(_TILE))
    power = np.log(np.square(np.abs(np.fft.fft2(tiles))).mean(axis=0) + _LEAST)
    vertical, horizontal = np.meshgrid(np.fft.fftfreq(_TILE), np.fft.fftfreq(_TILE), indexing="ij")
    ring = np.minimum((np.hypot(vertical, horizontal) * 2 * _RINGS).astype(int), _RINGS)
    rings = np.array([power[ring == each].mean() for each in range(1, _RINGS + 1)])
    high = np.hypot(vertical, horizontal) > 0.25
    across, along = power[high & (vertical == 0)].mean(), power[high & (horizontal == 0)].mean()
    diagonal = power[high & (np.abs(vertical) == np.abs(horizontal))].mean()
    marks = []
    for step in (2, 4, 8):
        for row, column in ((0, _TILE // step), (_TILE // step, 0), (_TILE // step, _TILE // step)):
            marks.append(power[row, column] - rings[min(ring[row, column], _RINGS) - 1])
    return np.array([*(rings - rings.mean()), across - along, (across + along) / 2 - diagonal, *marks], np.float32)


def _neighbours(planes: Plane, luma: Plane) -> Plane:
    """Differences within squares of two by two, as NPR takes them (Tan et al. 2024), by direction; and between the two
    phases of columns and rows, where doubling leaves an alternation.
    """
    corner = planes[:, ::2, ::2]
    others = (planes[:, ::2, 1::2], planes[:, 1::2, ::2], planes[:, 1::2, 1::2])
    figures: list[float] = []
    for other in others:
        off = np.abs(other - corner)
        figures += [_log(off.mean()), _log(np.sqrt(np.square(off).mean()) / max(off.mean(), _LEAST)), (off < 1).mean()]
    for axis in (0, 1):
        off = np.abs(np.diff(luma, axis=axis))
        even, odd = (off[::2], off[1::2]) if axis == 0 else (off[:, ::2], off[:, 1::2])
        figures.append(_log(even.mean()) - _log(odd.mean()))
        second = np.abs(np.diff(luma, n=2, axis=axis))
        figures.append(_log(second.mean()) - _log(off.mean()))
    return np.array(figures, np.float32)


def _noise(planes: Plane) -> Plane:
    """How strong the residuals of the colours are, how heavy their tails, and how alike: sensors' colours are
    interpolated from one another, decoders' come out of one convolution.
    """
    residuals = [plane - cv2.GaussianBlur(plane, (0, 0), 1.0) for plane in planes]
    figures = [_log(each.std()) for each in residuals]
    figures += [_log(_kurtosis(each)) for each in residuals]
    chroma = (residuals[2] - residuals[1], residuals[0] - residuals[1])
    figures += [_log(each.std()) - _log(residuals[1].std()) for each in chroma]
    figures += [_correlation(first, second) for first, second in combinations(residuals, 2)]
    figures += [_correlation(each[:, 1:], each[:, :-1]) for each in (residuals[1], *chroma)]
    figures += [_correlation(each[1:], each[:-1]) for each in (residuals[1], *chroma)]
    return np.array(figures, np.float32)


def _coefficients(luma: Plane) -> Plane:
    """Of blocks' cosine transform, by band from coarse to fine: size, tails, and the share that is nothing."""
    blocks = _tiles(luma, 8)
    basis = np.asarray(cv2.dct(np.eye(8, dtype=np.float32)), np.float32)
    coefficients = np.abs(basis @ blocks @ basis.T)
    band = np.add.outer(np.arange(8), np.arange(8))
    figures: list[float] = []
    for low, high in ((1, 2), (3, 4), (5, 6), (7, 8), (9, 11), (12, 14)):
        values = coefficients[:, (band >= low) & (band <= high)]
        figures += [_log(values.mean()), _log(np.sqrt(np.square(values).mean()) / max(values.mean(), _LEAST))]
        figures.append(float((values < 0.5).mean()))
    return np.array(figures, np.float32)


def _floor(luma: Plane, residual: Plane) -> Plane:
    """The noise of blocks at several shares, and how it goes with their brightness: light comes in grains."""
    noise = _tiles(residual, 16).std(axis=(1, 2))
    brightness = _tiles(luma, 16).mean(axis=(1, 2))
    contrast = _tiles(luma, 16).std(axis=(1, 2))
    shares = np.log(np.percentile(noise, (5, 25, 50, 75, 95)) + _LEAST)
    flat = contrast <= np.percentile(contrast, 40)
    slope = _correlation(np.log(noise[flat] + _LEAST), np.log(brightness[flat] + 1))
    texture = _correlation(np.log(noise + _LEAST), np.log(contrast + _LEAST))
    return np.array([*shares, slope, texture, _log(contrast.mean())], np.float32)


def _colours(window: Pixels, luma: Plane) -> Plane:
    """Saturation, brightness and gradients: generators are fond of strong colours and of blurred backgrounds."""
    hue = np.asarray(cv2.cvtColor(window, cv2.COLOR_RGB2HSV), np.float32)
    saturation, value = hue[..., 1] / 255, hue[..., 2] / 255
    slopes = np.hypot(cv2.Sobel(luma, cv2.CV_32F, 1, 0), cv2.Sobel(luma, cv2.CV_32F, 0, 1)) / 8
    low, half, high = np.percentile(slopes, (10, 50, 95))
    figures = [saturation.mean(), saturation.std(), value.mean(), value.std(), (value > 0.99).mean()]
    figures += [(value < 0.02).mean(), (saturation < 0.02).mean(), _log(low), _log(half), _log(high)]
    return np.array(figures, np.float32)


def _tiles(plane: Plane, side: int) -> Plane:
    """(n, side, side), one beside the other."""
    rows, columns = (each // side for each in plane.shape)
    cut = plane[: rows * side, : columns * side]
    return cut.reshape(rows, side, columns, side).swapaxes(1, 2).reshape(-1, side, side)


def _log(value: float | np.floating) -> float:
    return float(np.log(float(value) + _LEAST))


def _kurtosis(values: Plane) -> float:
    squares = np.square(values)  # and their squares: a power of floats costs twenty times as much
    return float(np.square(squares).mean() / max(float(squares.mean()), _LEAST) ** 2)


def _correlation(first: Plane, second: Plane) -> float:
    """0 where either does not change."""
    first, second = first - first.mean(), second - second.mean()
    size = float(np.sqrt(np.square(first).mean() * np.square(second).mean()))
    return float((first * second).mean()) / size if size > _LEAST**2 else 0.0
