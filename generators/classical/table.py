"""Every classical filter of the catalog, in the order in which it lists them."""

from __future__ import annotations

from importlib.metadata import version

from PIL import __version__ as pillow

from generators import probing
from generators.classical import contrast, deblurring, denoising, sharpening
from generators.classical.deblurring import BLUR, at_blur
from generators.classical.denoising import at_level
from generators.classical.filtering import Filter
from generators.told import DENOISING

OPENCV = f"opencv {version('opencv-python-headless')}"
SCIKIT_IMAGE = f"scikit-image {version('scikit-image')}"
DENOISERS, DEBLURRERS = "denoise_classical.md", "deblur_classical.md"
DEBLURRING = (BLUR,)
FOUND = (deblurring.LEAST, deblurring.MOST, *probing.BLUR_SETTINGS)
"""What the width of a blur is found by, and kept within."""

FILTERS = (
    Filter(
        "tv",
        "denoise",
        DENOISING,
        at_level(denoising.total_variation),
        DENOISERS,
        (denoising.TV_STRENGTH, denoising.TV_ROUNDS, denoising.TV_PLAN, SCIKIT_IMAGE),
    ),
    Filter(
        "wavelet",
        "denoise",
        DENOISING,
        at_level(denoising.wavelet),
        DENOISERS,
        (
            denoising.WAVELET,
            denoising.LEVELS,
            denoising.WAVELET_STRENGTH,
            denoising.GREY,
            denoising.WAVELET_PLAN,
            f"pywavelets {version('PyWavelets')}",
        ),
    ),
    Filter(
        "bilateral",
        "denoise",
        DENOISING,
        at_level(denoising.bilateral),
        DENOISERS,
        (denoising.BILATERAL_STRENGTH, denoising.BILATERAL_SPACE, denoising.BILATERAL_PLAN, OPENCV),
    ),
    Filter("clahe", "contrast", contrast.PARAMETERS, contrast.clahe, "clahe.md", (contrast.TILE, OPENCV)),
    Filter("unsharp", "sharpen", sharpening.PARAMETERS, sharpening.unsharp, "unsharp.md", (sharpening.PLAN, pillow)),
    Filter(
        "richardson_lucy",
        "deblur",
        DEBLURRING,
        at_blur(deblurring.richardson_lucy),
        DEBLURRERS,
        (deblurring.ROUNDS, deblurring.ROUNDS_SPREAD, *FOUND, SCIKIT_IMAGE, OPENCV),
    ),
    Filter(
        "wiener",
        "deblur",
        DEBLURRING,
        at_blur(deblurring.wiener),
        DEBLURRERS,
        (deblurring.BALANCE, deblurring.WIENER_SPREAD, *FOUND, SCIKIT_IMAGE, OPENCV),
    ),
)
