"""Brings a reconstruction's frequencies to those of its original, so that the decoder's trace is what is left.

A decoder that blurs would otherwise be known by its blur, which any lens has, too: see DDA (arXiv 2505.14359) and
Aligned Datasets (Rajan et al. 2025). Knows arrays; does not know decoders.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import fft

Floats = NDArray[np.float32]
_BANDS = 24
_MOST = 16.0  # a power is raised or lowered at most so much


def matched(made: Floats, original: Floats) -> Floats:
    """`made` with the power of each band of frequencies that `original` has. Both float32 (h, w, 3), the result too."""
    there, here = _spectrum(made), _spectrum(original)
    bands = np.minimum((_radius(original.shape) * _BANDS).astype(np.intp), _BANDS - 1)
    gains = np.sqrt(np.clip((_power(here, bands) + 1e-6) / (_power(there, bands) + 1e-6), 1 / _MOST, _MOST))
    return _picture(there * gains[bands][..., None].astype(np.float32), original.shape)


def finest_of(made: Floats, original: Floats, cutoff: float) -> Floats:
    """`made` with what lies beyond a frequency taken from `original`. cutoff: 0–1, 1 is half a cycle a pixel."""
    beyond = (_radius(original.shape) > cutoff)[..., None]
    return _picture(np.where(beyond, _spectrum(original), _spectrum(made)), original.shape)


def _spectrum(picture: Floats) -> NDArray[np.complex64]:
    made: NDArray[np.complex64] = fft.rfft2(picture, axes=(0, 1))
    return made


def _picture(spectrum: NDArray[np.complex64], shape: tuple[int, ...]) -> Floats:
    made: Floats = fft.irfft2(spectrum, s=shape[:2], axes=(0, 1)).astype(np.float32)
    return made


def _radius(shape: tuple[int, ...]) -> Floats:
    """Of each entry of a spectrum: 1 at half a cycle a pixel along an axis, up to √2 in the corners."""
    down, across = np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1])[None]
    radius: Floats = (2 * np.hypot(down, across)).astype(np.float32)
    return radius


def _power(spectrum: NDArray[np.complex64], bands: NDArray[np.intp]) -> NDArray[np.float64]:
    """Of each band, over all colours; of the last one, what lies in the corners, too."""
    power = np.square(np.abs(spectrum)).sum(axis=2, dtype=np.float64)
    return np.bincount(bands.ravel(), power.ravel(), _BANDS).astype(np.float64)
