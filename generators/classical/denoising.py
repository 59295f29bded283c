"""Noise removal by total variation, wavelet shrinkage and the bilateral filter.

Constants are the best of sweeps on photographs of the corpus's training split, which the card describes. The module
knows how strongly to ask libraries for what a level of noise needs. It does not know files.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt
import pywt

from core.media import Pixels
from generators.base import Value
from generators.classical.filtering import Prepared
from generators.deep import like, to_unit
from generators.probing import noise_level, pieces
from generators.still import is_neutral
from generators.tiling import Plan, Samples

Planes: TypeAlias = npt.NDArray[np.float32]
LEAST = 0.5
"""σ in 8-bit steps below which rounding drowns the noise, and a picture is left as it is."""

TV_STRENGTH = 0.9  # weight as a multiple of σ, where white is 1
TV_ROUNDS = 25
TV_PLAN = Plan(size=256, margin=TV_ROUNDS + 1)  # each round looks one pixel further

WAVELET = "db3"
LEVELS = 4
WAVELET_PLAN = Plan(size=256, margin=80)  # multiples of 2^LEVELS, and beyond the reach of (6 − 1)·(2⁴ − 1) = 75 pixels
GREY = 3**0.5
WAVELET_STRENGTH = 1.0  # thresholds as multiples of those of BayesShrink

BILATERAL_STRENGTH = 4.0  # σ of the differences in colour as a multiple of the noise's
BILATERAL_SPACE = 2.5  # σ of the distance, pixels
BILATERAL_SIDE = 13  # of the window, pixels
BILATERAL_PLAN = Plan(size=256, margin=BILATERAL_SIDE // 2)

# Y. Ohta's opponent colours, as orthonormal rows: independent noise of σ in R, G and B has σ in each of them too.
_OPPONENT = np.array([[1, 1, 1], [1, 0, -1], [1, -2, 1]], np.float32) / np.sqrt(np.array([[3], [2], [6]], np.float32))
_ALL = np.float32(1e6)  # a threshold above every coefficient


def at_level(build: Callable[[Pixels, float], Prepared]) -> Callable[[Pixels, Mapping[str, Value]], Prepared | None]:
    """`build` as a filter's `prepare`: with the stated σ, or with the estimated one where that is 0.

    Floats are not rounded, so that no noise in them is too little.
    """

    def prepare(pixels: Pixels, settings: Mapping[str, Value]) -> Prepared | None:
        sigma = float(settings["sigma"]) or noise_level(pixels)
        return build(pixels, sigma) if sigma >= LEAST or pixels.dtype != np.uint8 else None

    return prepare


def total_variation(_: Pixels, sigma: float) -> Prepared:
    """A. Chambolle, "An algorithm for total variation minimization and applications", JMIV 2004, for each channel."""
    return Prepared(partial(_tv, weight=TV_STRENGTH * sigma / 255.0), TV_PLAN)


def wavelet(pixels: Pixels, sigma: float) -> Prepared:
    """BayesShrink: S. G. Chang, B. Yu, M. Vetterli, "Adaptive wavelet thresholding", IEEE TIP 2000.

    One set of thresholds for the whole picture, from a few pieces of it: thresholds of each tile would show its edges.
    A picture of greys has the noise of three equal channels in one opponent colour, √3 times as strong.
    """
    sigma = sigma * GREY if is_neutral(pixels) else sigma
    return Prepared(partial(_shrink, thresholds=_thresholds(pixels, sigma)), WAVELET_PLAN)


def bilateral(_: Pixels, sigma: float) -> Prepared:
    """C. Tomasi, R. Manduchi, "Bilateral filtering for gray and color images", ICCV 1998."""
    return Prepared(partial(_bilateral, colour=BILATERAL_STRENGTH * sigma), BILATERAL_PLAN)


def _tv(tile: Samples, weight: float) -> Samples:
    from skimage.restoration import denoise_tv_chambolle  # scipy.stats, which it imports, takes most of a second

    # eps 0: always the same number of rounds, or tiles would stop at different ones and show their edges.
    made = denoise_tv_chambolle(  # type: ignore[no-untyped-call]
        to_unit(tile), weight=weight, eps=0.0, max_num_iter=TV_ROUNDS, channel_axis=-1
    )
    return like(tile, made)


def _bilateral(tile: Samples, colour: float) -> Samples:
    if tile.dtype == np.uint8:
        made = cv2.bilateralFilter(np.ascontiguousarray(tile), BILATERAL_SIDE, colour, BILATERAL_SPACE)
        return np.asarray(made, np.uint8)
    # OpenCV's table of weights for floats depends on the least and greatest value of a tile, so each tile is given a
    # black and a white pixel, out of sight of its own.
    reach = BILATERAL_SIDE // 2
    whole = cv2.copyMakeBorder(np.ascontiguousarray(tile), 0, 0, 0, reach + 1, cv2.BORDER_REFLECT_101)
    whole = np.vstack([whole, whole[-1:]]) if len(whole) == 1 else whole
    whole[0, -1], whole[1, -1] = 0.0, 1.0
    made = cv2.bilateralFilter(whole, BILATERAL_SIDE, colour / 255.0, BILATERAL_SPACE)
    return like(tile, np.asarray(made, np.float32)[: tile.shape[0], : tile.shape[1]])


def _shrink(tile: Samples, thresholds: npt.NDArray[np.float32]) -> Samples:
    """thresholds: (3 channels, LEVELS from the finest on, 3 orientations)."""
    planes = _opponents(tile)
    made = np.empty_like(planes)
    for channel, plane in enumerate(planes):
        rough, *details = _decompose(plane)
        for level, bands in enumerate(reversed(details)):
            limits = thresholds[channel, level]
            details[len(details) - 1 - level] = tuple(
                pywt.threshold(band, limit, "soft") for band, limit in zip(bands, limits, strict=True)
            )
        whole = pywt.waverec2([rough, *details], WAVELET)
        made[channel] = whole[: plane.shape[0], : plane.shape[1]]
    return like(tile, _turned(np.moveaxis(made, 0, 2), _OPPONENT.T) / np.float32(255.0))


def _thresholds(pixels: Pixels, sigma: float) -> npt.NDArray[np.float32]:
    """σ² / σₓ for each subband, where σₓ² is what its mean square has beyond the noise's."""
    power = np.zeros((3, LEVELS, 3))
    count = np.zeros((3, LEVELS, 3))
    for piece in pieces(pixels):
        for channel, plane in enumerate(_opponents(piece)):
            _, *details = _decompose(plane)
            for level, bands in enumerate(reversed(details)):
                power[channel, level] += [float(np.sum(np.square(band, dtype=np.float64))) for band in bands]
                count[channel, level] += [band.size for band in bands]
    beyond = np.maximum(power / np.maximum(count, 1) - sigma**2, 0.0)
    limits = np.full(beyond.shape, _ALL)
    np.divide(WAVELET_STRENGTH * sigma**2, np.sqrt(beyond), out=limits, where=beyond > 0, casting="same_kind")
    return np.minimum(limits, _ALL)


def _decompose(plane: npt.NDArray[np.float32]) -> list[Any]:
    """The rough picture, then (horizontal, vertical, diagonal) details from the coarsest level on.

    A small picture has fewer levels; one of a pixel has none.
    """
    levels = min(LEVELS, pywt.dwtn_max_level(plane.shape, WAVELET))
    coefficients: list[Any] = pywt.wavedec2(plane, WAVELET, level=levels)
    return coefficients


def _opponents(tile: Samples) -> Planes:
    """(3, h, w) in opponent colours, in 8-bit steps."""
    steps = tile.astype(np.float32) if tile.dtype == np.uint8 else tile * np.float32(255.0)
    return np.moveaxis(_turned(steps, _OPPONENT), 2, 0)


def _turned(values: Planes, colours: npt.NDArray[np.floating[Any]]) -> Planes:
    """(h, w, 3) in other colours. By OpenCV: NumPy's product of matrices would start threads for three numbers."""
    return np.asarray(cv2.transform(np.ascontiguousarray(values), colours), np.float32)
