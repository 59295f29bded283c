"""What a look at a few pieces of a picture tells of the whole: where to look, and how much noise there is.

The pieces are spread evenly and bounded in number and size, so that looking costs the same for any picture.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from itertools import product

import cv2
import numpy as np
import numpy.typing as npt

from core.media import Pixels

_PROBE = 256  # side of the pieces, pixels
_PROBES = 4  # pieces along each axis
_LEAST_SIDE = 16  # of a piece that tells anything about its noise
_NEAR, _FAR = 1.0, 1.6  # σ of the two further blurs by which an edge tells its own, pixels
_EDGE = 4.0  # steepness after the nearer of them, 8-bit steps a pixel: what noise does not reach
_EDGES = 20  # so few tell nothing
_SHORT = 0.3  # pixels by which edges look sharper than they are where other edges lie beside them
_SHARP = 0.6  # pixels: hardly more than a lens in focus has
BLUR_SETTINGS = (_PROBE, _PROBES, _LEAST_SIDE, _NEAR, _FAR, _EDGE, _EDGES, _SHORT, _SHARP)
"""What `blur_sigma` depends on, for versions of what asks it."""


def noise_level(pixels: Pixels) -> float:
    """Standard deviation of the noise in an RGB uint8 picture (h, w, 3), in 8-bit steps, averaged over the channels.

    The median over pieces spread evenly on the picture of the wavelet estimate of D. L. Donoho and I. M. Johnstone,
    "Ideal spatial adaptation by wavelet shrinkage", Biometrika 1994, section 4.2. Fine texture counts as noise.
    Sides under 16 px say too little: such a picture has a level of 0. Pieces of one colour say nothing.
    """
    if min(pixels.shape[:2]) < _LEAST_SIDE:
        return 0.0
    levels = [level for piece in pieces(pixels) if math.isfinite(level := _wavelet_estimate(piece))]
    return float(np.median(levels)) if levels else 0.0


def blur_sigma(pixels: Pixels) -> float:
    """σ in pixels of the Gaussian that would blur a picture, RGB uint8 (h, w, 3), as much as it is blurred; 0 for none.

    Blurred twice more, an edge loses steepness by how sharp it was (S. Zhuo, T. Sim, "Defocus map estimation from a
    single image", Pattern Recognition 2011). The median over all edges of pieces spread evenly on the picture. Sides
    under 16 px and pictures without edges say nothing.
    """
    if min(pixels.shape[:2]) < _LEAST_SIDE:
        return 0.0
    found = np.concatenate([_squares(piece) for piece in pieces(pixels)])
    sigma = math.sqrt(float(np.median(found))) + _SHORT if found.size >= _EDGES else 0.0
    return sigma if sigma >= _SHARP else 0.0


def _squares(piece: Pixels) -> npt.NDArray[np.float32]:
    """σ² of every edge of a piece."""
    luma = cv2.cvtColor(np.ascontiguousarray(piece), cv2.COLOR_RGB2GRAY).astype(np.float32)
    near, far = (_steepness(luma, sigma) for sigma in (_NEAR, _FAR))
    ridge = (near >= cv2.dilate(near, np.ones((3, 3)))) & (near > _EDGE)
    # Of a step of σ the steepness is as 1 / √(σ² + σ₁²) once it is blurred by σ₁.
    ratio = np.maximum(np.square(near[ridge] / far[ridge]), 1.001)
    return np.asarray(np.maximum((_FAR**2 - ratio * _NEAR**2) / (ratio - 1), 0.0), np.float32)


def _steepness(luma: npt.NDArray[np.float32], sigma: float) -> npt.NDArray[np.float32]:
    soft = cv2.GaussianBlur(luma, (0, 0), sigma)
    across, down = (cv2.Sobel(soft, cv2.CV_32F, *axis, ksize=1) / 2 for axis in ((1, 0), (0, 1)))
    return np.hypot(across, down)


def corners(pixels: Pixels, side: int = _PROBE) -> Iterator[tuple[int, int]]:
    """Top left corners (row, column) of up to 4×4 pieces of `side` pixels, evenly spread over a picture (h, w, …)."""
    rows, columns = (
        np.unique(np.linspace(0, max(length - side, 0), _PROBES).astype(int)) for length in pixels.shape[:2]
    )
    for top, left in product(rows, columns):
        yield int(top), int(left)


def pieces(pixels: Pixels) -> Iterator[Pixels]:
    """The pieces themselves, of up to 256×256 pixels: one megapixel in all."""
    for top, left in corners(pixels):
        yield pixels[top : top + _PROBE, left : left + _PROBE]


def _wavelet_estimate(piece: Pixels) -> float:
    """The estimate for one piece; NaN where a channel has no detail at all."""
    from skimage.restoration import estimate_sigma  # scipy.stats, which it imports, takes most of a second

    values = piece.astype(np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return float(estimate_sigma(values, average_sigmas=True, channel_axis=-1))  # type: ignore[no-untyped-call]
