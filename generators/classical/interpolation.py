"""Enlargement by interpolation, which Pillow computes. It invents nothing, and sharpens nothing either."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, __version__

from generators.base import version_of
from generators.tiling import Samples

FACTORS = (2, 3, 4)
METHODS = {"bicubic": Image.Resampling.BICUBIC, "lanczos": Image.Resampling.LANCZOS}
"""R. Keys, "Cubic convolution interpolation for digital image processing", IEEE TASSP 1981, with a = −0.5; C. Duchon,
"Lanczos filtering in one and two dimensions", J. Appl. Meteor. 1979, with three lobes. They look 2 and 3 pixels far.
"""


@dataclass(frozen=True, slots=True)
class Interpolation:
    """One method at one factor, as `generators.upscale.Enlarger` wants it. method: a name among `METHODS`."""

    method: str
    scale: int
    multiple_of: int = 1

    @property
    def digest(self) -> str:
        """Of method and library."""
        return version_of(self.method, self.scale, __version__)

    def __call__(self, pixels: Samples) -> Samples:
        """RGB uint8 (h, w, 3) → RGB uint8 (h·scale, w·scale, 3), clamped and rounded to nearest; float32, clamped."""
        height, width = pixels.shape[:2]
        size, method = (width * self.scale, height * self.scale), METHODS[self.method]
        if pixels.dtype == np.uint8:
            return np.asarray(Image.fromarray(pixels).resize(size, method))
        channels = (Image.fromarray(np.ascontiguousarray(pixels[..., index])) for index in range(3))
        made: Samples = np.dstack([np.asarray(channel.resize(size, method)) for channel in channels])
        return made.clip(0.0, 1.0)


def enlargers(method: str) -> tuple[Interpolation, ...]:
    """`method` at every factor."""
    return tuple(Interpolation(method, factor) for factor in FACTORS)
