"""Noise removal without a trained model: non-local means.

Each pixel becomes a mean of the pixels around it whose neighbourhoods look alike, weighted by how alike they look once
the known noise is discounted. A. Buades, B. Coll, J.-M. Morel, "Non-Local Means Denoising", IPOL 2011; the fast form
with integral images is J. Darbon et al., ISBI 2008. scikit-image computes it; this module knows how strongly to ask
for it. It does not know files.
"""

from __future__ import annotations

from dataclasses import replace
from importlib.metadata import version

from core.media import Frame, Pixels
from generators import parameters, tiling
from generators.base import Card, IsCancelled, Job, Output, Parameter, Progress, stop_if, version_of
from generators.deep import enhanced, like, to_unit
from generators.enhancer import Enhancer
from generators.fidelity import reported
from generators.medical.enhancement import Work
from generators.medical.ensemble import Method
from generators.medical.methods import tiled, unchanged
from generators.medical.uncertainty import UNCERTAINTY
from generators.probing import noise_level
from generators.profiles import PROFILE
from generators.scenes import method as scenes
from generators.still import encode_like, source_of

_PATCH = 5  # side of the neighbourhood that is compared, pixels
_DISTANCE = 6  # how far alike neighbourhoods are looked for, pixels
_STRENGTH = 0.5  # filter strength h as a multiple of σ: the best of a sweep from 0.4 to 0.8, see the card
_PLAN = tiling.Plan(size=256, margin=_DISTANCE + _PATCH)  # the margin covers all that a pixel's result depends on
_LEAST = 0.5  # σ in 8-bit steps below which rounding drowns the noise, and the picture is left as it is
SIGMA = Parameter(
    "sigma",
    "float",
    0.0,
    "standard deviation of the noise in 8-bit steps, or in a medical picture's units; 0 estimates it from the picture",
    minimum=0.0,
    maximum=100.0,
)
DENOISING = (SIGMA, UNCERTAINTY)
"""What every denoiser may be told."""


class NonLocalMeans(Enhancer):
    """The generator "nlm" of the task "denoise"."""

    name = "nlm"
    task = "denoise"
    parameters: tuple[Parameter, ...] = (*DENOISING, PROFILE)

    def __init__(self, card: Card) -> None:
        self.card = card
        self.version = version_of(self.name, _PATCH, _DISTANCE, _STRENGTH, _PLAN, _LEAST, version("scikit-image"))

    def enhanced(self, job: Job, progress: Progress, cancelled: IsCancelled) -> Output:
        """See `Enhancer`. Alpha is kept as it is."""
        source = source_of(job)
        frame = source.frames()[0]
        sigma = float(parameters.complete(self.parameters, job.parameters)["sigma"]) or noise_level(frame.pixels)
        made = denoised(frame, sigma, progress, cancelled)
        stop_if(cancelled)  # a large file takes seconds to write
        return reported(frame.pixels, encode_like(source, made))

    def medical(self, job: Job, cancelled: IsCancelled, /) -> Work:
        """See `Enhancer`. The stated σ is in the picture's rescaled units."""
        settings = parameters.complete(self.parameters, job.parameters)

        def method(sigma: float) -> Method:
            return tiled(_without_noise(sigma / 255.0), _PLAN, 1, cancelled) if sigma else unchanged

        words = f"denoised by {self.name}"
        return Work(method, float(settings["sigma"]), 1, words, self.name, self.version, settings)

    def measuring(self, job: Job, /) -> scenes.Method:
        """See `Enhancer`. A stated σ is in 255ths of a band's own range."""
        stated = float(parameters.complete(self.parameters, job.parameters)["sigma"])

        def prepare(pixels: Pixels) -> scenes.Tiled | None:
            sigma = stated or noise_level(pixels)
            return scenes.Tiled(_without_noise(sigma / 255.0), _PLAN) if sigma >= _LEAST else None

        return scenes.Method(1, prepare)


def denoise(pixels: Pixels, sigma: float, progress: Progress, cancelled: IsCancelled) -> Pixels:
    """RGB uint8 (h, w, 3) as `denoised` makes it; a new array."""
    return denoised(Frame(pixels), sigma, progress, cancelled).pixels


def denoised(frame: Frame, sigma: float, progress: Progress, cancelled: IsCancelled) -> Frame:
    """`frame` without Gaussian noise of standard deviation `sigma`, in 8-bit steps.

    Noise under half a step leaves the picture as it is. Raises Cancelled between tiles.
    """
    if sigma < _LEAST:
        progress(1.0)
        return replace(frame, pixels=frame.pixels.copy())
    return enhanced(_without_noise(sigma / 255.0), frame, _PLAN, 1, progress, cancelled)


def _without_noise(level: float) -> tiling.Transform:
    """The filter for noise of that σ, where white is 1."""
    from skimage.restoration import denoise_nl_means  # scipy.stats, which it imports, takes most of a second

    def transform(tile: tiling.Samples) -> tiling.Samples:
        means = denoise_nl_means(
            to_unit(tile),
            patch_size=_PATCH,
            patch_distance=_DISTANCE,
            h=_STRENGTH * level,
            sigma=level,
            fast_mode=True,
            channel_axis=-1,
        )
        return like(tile, means).reshape(tile.shape)  # scikit-image drops axes of length 1

    return transform
