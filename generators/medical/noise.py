"""How noisy a medical picture is, and what a denoiser may take away from a single pixel: no more than noise.

Small bright dots are findings. A denoiser that takes one for noise is held to the size that noise has.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST = 4.0
"""Standard deviations of the noise; one pixel in 16,000 of Gaussian noise lies beyond."""
_LEAST_SIDE = 16  # of a picture that tells anything about its noise, pixels


def level(stored: NDArray[Any]) -> float:
    """Standard deviation of the noise in a picture (h, w), in its own units; 0 where it tells nothing.

    The wavelet estimate that `generators.probing.noise_level` makes, of the whole picture.
    """
    if min(stored.shape) < _LEAST_SIDE or np.ptp(stored) == 0:
        return 0.0
    from skimage.restoration import estimate_sigma  # scipy.stats, which it imports, takes most of a second

    found = float(estimate_sigma(stored.astype(np.float64)))  # type: ignore[no-untyped-call]
    return found if np.isfinite(found) else 0.0


def limited(made: NDArray[np.float64], source: NDArray[np.float64], sigma: float) -> NDArray[np.float64]:
    """`made`, but no further from `source` than MOST times `sigma`, all in the same units."""
    nearest: NDArray[np.float64] = np.clip(made, source - MOST * sigma, source + MOST * sigma)
    return nearest
