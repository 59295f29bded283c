"""Noise removal without a trained model: non-local means.

Each pixel becomes a mean of the pixels around it whose neighbourhoods look alike, weighted by how alike they look once
the known noise is discounted. A. Buades, B. Coll, J.-M. Morel, "Non-Local Means Denoising", IPOL 2011; the fast form
with integral images is J. Darbon et al., ISBI 2008. scikit-image computes it; this module knows how strongly to ask
for it. It does not know files.
"""

from __future__ import annotations

from importlib.metadata import version

from core.media import Frame, Pixels
from generators import tiling
from generators.base import Card, IsCancelled, Progress, version_of
from generators.deep import like, to_unit
from generators.told import LEAST, Told, denoised

_PATCH = 5  # side of the neighbourhood that is compared, pixels
_DISTANCE = 6  # how far alike neighbourhoods are looked for, pixels
_STRENGTH = 0.5  # filter strength h as a multiple of σ: the best of a sweep from 0.4 to 0.8, see the card
_PLAN = tiling.Plan(size=256, margin=_DISTANCE + _PATCH)  # the margin covers all that a pixel's result depends on


class NonLocalMeans(Told):
    """The generator "nlm" of the task "denoise"."""

    name = "nlm"
    plan = _PLAN

    def __init__(self, card: Card) -> None:
        self.card = card
        self.version = version_of(self.name, _PATCH, _DISTANCE, _STRENGTH, _PLAN, LEAST, version("scikit-image"))

    def at(self, level: float) -> tiling.Transform:
        """See `Told`."""
        return _without_noise(level)


def denoise(pixels: Pixels, sigma: float, progress: Progress, cancelled: IsCancelled) -> Pixels:
    """RGB uint8 (h, w, 3) as `generators.told.denoised` makes it by non-local means; a new array."""
    return denoised(_without_noise, _PLAN, Frame(pixels), sigma, progress, cancelled).pixels


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
