"""Undoing blur by deconvolution, for a Gaussian of known or estimated width: Wiener's filter and Richardson-Lucy.

Constants are the best of sweeps on photographs of the corpus's training split, which the card describes. scikit-image
computes both; the module knows how far they look, so that tiles cannot be told from the whole. It does not know files.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from generators.base import Parameter, Value
from generators.classical.filtering import Prepared
from generators.deep import like, to_unit
from generators.probing import blur_sigma
from generators.tiling import Plan, Samples

Kernel: TypeAlias = npt.NDArray[np.float32]
MOST = 4.0
LEAST = 0.4
"""σ in pixels below which there is nothing to undo, and a picture is left as it is."""
BLUR = Parameter(
    "blur",
    "float",
    0.0,
    "σ of the blur as of a Gaussian, pixels; 0 estimates it from the picture",
    minimum=0.0,
    maximum=MOST,
)
BALANCE = 0.01  # of Wiener's filter: how much smoothness counts beside the blurred picture
WIENER_SPREAD = 16  # how many σ of the blur its kernel reaches: what lies beyond is less than a thousandth of it
ROUNDS = 10  # of Richardson-Lucy: more raise noise
ROUNDS_SPREAD = 8  # how many σ of the blur a pixel's influence reaches in so many, to within half an 8-bit step
_TILE = 256


def at_blur(build: Callable[[float], Prepared]) -> Callable[[Samples, Mapping[str, Value]], Prepared | None]:
    """`build` as a filter's `prepare`: with the stated σ, or with the estimated one where that is 0."""

    def prepare(pixels: Samples, settings: Mapping[str, Value]) -> Prepared | None:
        sigma = float(settings[BLUR.name]) or min(blur_sigma(pixels), MOST)
        return build(sigma) if sigma >= LEAST else None

    return prepare


def wiener(sigma: float) -> Prepared:
    """N. Wiener's filter as B. R. Hunt has it (IEEE Trans. Computers 1973), smoothness by the Laplacian.

    It is linear, so it is computed once, for a single bright pixel, and cut off where nothing is left of it: computed
    for each tile, it would take the tile for a pattern that repeats.
    """
    from skimage.restoration import wiener as deconvolved  # scipy.stats, which it imports, takes most of a second

    reach = math.ceil(WIENER_SPREAD * sigma)
    point = np.zeros((2 * reach + 1, 2 * reach + 1), np.float64)
    point[reach, reach] = 1.0
    psf = gaussian(sigma).astype(np.float64)
    answer = deconvolved(point, psf, BALANCE, clip=False)  # type: ignore[no-untyped-call]
    kernel = (answer / answer.sum()).astype(np.float32)
    return Prepared(partial(_convolved, kernel=kernel), Plan(_TILE, reach))


def richardson_lucy(sigma: float) -> Prepared:
    """W. H. Richardson (JOSA 1972) and L. B. Lucy (AJ 1974), a few rounds, for each channel."""
    reach = math.ceil(ROUNDS_SPREAD * sigma)
    return Prepared(partial(_iterated, psf=gaussian(sigma), reach=reach), Plan(_TILE, reach))


def gaussian(sigma: float) -> Kernel:
    """The blur that is undone: (side, side), odd, sums to 1."""
    side = 2 * math.ceil(3 * sigma) + 1
    profile = cv2.getGaussianKernel(side, sigma, cv2.CV_32F)
    return np.asarray(profile @ profile.T, np.float32)


def _convolved(tile: Samples, kernel: Kernel) -> Samples:
    values = to_unit(tile)
    return like(tile, np.asarray(cv2.filter2D(values, -1, kernel, borderType=cv2.BORDER_REFLECT_101)))


def _iterated(tile: Samples, psf: Kernel, reach: int) -> Samples:
    from skimage.restoration import richardson_lucy as deconvolved

    # The library takes what lies beyond a picture for black: so deep an edge reaches farther than those of photographs.
    # It is given what lies there mirrored, half as far again, and that is cut off.
    rim = reach + reach // 2
    whole = cv2.copyMakeBorder(to_unit(tile), rim, rim, rim, rim, cv2.BORDER_REFLECT)
    planes = (np.ascontiguousarray(whole[..., channel]) for channel in range(3))
    made = np.stack(
        [deconvolved(plane, psf, ROUNDS, clip=False) for plane in planes],  # type: ignore[no-untyped-call]
        axis=2,
    )
    height, width = tile.shape[:2]
    return like(tile, made[rim : rim + height, rim : rim + width])
