"""PSNR and SSIM as papers on super-resolution report them: on luma, with the border left out.

Luma is ITU-R BT.601 in its 16–235 range, as MATLAB's rgb2ycbcr gives it; SSIM is that of Wang et al. 2004, with an
11×11 Gaussian of σ 1.5. The module knows nothing of models.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from skimage.metrics import structural_similarity

Picture = npt.NDArray[np.uint8]
Plane = npt.NDArray[np.float64]

_LUMA = np.array([65.481, 128.553, 24.966]) / 255


@dataclass(frozen=True, slots=True)
class Score:
    """psnr_y in dB; ssim_y up to 1."""

    psnr_y: float
    ssim_y: float


def score(made: Picture, wanted: Picture, border: int) -> Score:
    """Compares two uint8 RGB pictures (h, w, 3) of one size, leaving out `border` pixels on each side.

    Identical pictures have a PSNR of infinity.
    """
    first, second = _shaved_luma(made, border), _shaved_luma(wanted, border)
    error = float(np.mean((first - second) ** 2))
    psnr = 10 * np.log10(255**2 / error) if error else np.inf
    ssim = structural_similarity(  # type: ignore[no-untyped-call]
        first, second, data_range=255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
    )
    return Score(float(psnr), float(ssim))


def mean_score(scores: list[Score]) -> Score:
    """The mean over pictures, each counting the same. At least one score."""
    return Score(
        float(np.mean([one.psnr_y for one in scores])),
        float(np.mean([one.ssim_y for one in scores])),
    )


def _shaved_luma(picture: Picture, border: int) -> Plane:
    inner = picture[border : picture.shape[0] - border, border : picture.shape[1] - border]
    luma: Plane = 16 + inner.astype(np.float64) @ _LUMA
    return luma
