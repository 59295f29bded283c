"""What a look at a few pieces of a picture tells of the whole: where to look, and how much noise there is.

The pieces are spread evenly and bounded in number and size, so that looking costs the same for any picture.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from itertools import product

import numpy as np

from core.media import Pixels

_PROBE = 256  # side of the pieces, pixels
_PROBES = 4  # pieces along each axis
_LEAST_SIDE = 16  # of a piece that tells anything about its noise


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
