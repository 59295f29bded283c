"""Enlargement by interpolation, which Pillow computes. It invents nothing, and sharpens nothing either."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, __version__

from core.media import Pixels
from generators.base import version_of

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

    def __call__(self, pixels: Pixels) -> Pixels:
        """RGB uint8 (h, w, 3) → RGB uint8 (h·scale, w·scale, 3), clamped and rounded to nearest."""
        height, width = pixels.shape[:2]
        size = (width * self.scale, height * self.scale)
        return np.asarray(Image.fromarray(pixels).resize(size, METHODS[self.method]))


def enlargers(method: str) -> tuple[Interpolation, ...]:
    """`method` at every factor."""
    return tuple(Interpolation(method, factor) for factor in FACTORS)
