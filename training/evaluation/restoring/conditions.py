"""How photographs are spoiled before they are restored, as the papers of the field do it.

Small pictures are made by bicubic reduction with antialiasing, noise is Gaussian in 8-bit steps, clipped and rounded as
a stored picture would be, and JPEG is libjpeg's with colour at half the resolution.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from generators.base import Value
from training.degrade import reduce_bicubic
from training.evaluation.restoring import bursts
from training.measure import to_picture, to_tensor
from training.metrics import Picture

UPSCALE, DENOISE, MISR = "upscale", "denoise", "misr"


@dataclass(frozen=True, slots=True)
class Condition:
    """One way of spoiling. task: what undoes it. scale: how much smaller the spoiled picture is along each side.

    told: settings that a model hears if it has them: the factor, and the noise's σ, as the papers' denoisers do.
    quality: of JPEG, 0 for none. frames: pictures of a burst, 1 for no burst. reduction: of a burst's pictures.
    """

    name: str
    task: str
    scale: int = 1
    sigma: float = 0.0
    quality: int = 0
    frames: int = 1
    reduction: str = bursts.AREA
    told: Mapping[str, Value] = field(default_factory=dict)

    def cropped(self, original: Picture) -> Picture:
        """As much of it, from the top left, as is a multiple of the scale."""
        height, width = (side - side % self.scale for side in original.shape[:2])
        return original[:height, :width]

    def spoil(self, original: Picture, seed: int) -> Picture:
        """What there is to restore a cropped original from. The seed alone decides on the noise."""
        return self.spoil_all(original, seed)[0]

    def spoil_all(self, original: Picture, seed: int) -> list[Picture]:
        """The same, and the further pictures of a burst."""
        if self.frames > 1:
            return bursts.taken(original, self.frames, self.sigma, self.reduction, seed)
        return [self._spoiled(original, seed)]

    def _spoiled(self, original: Picture, seed: int) -> Picture:
        if self.scale > 1:
            return to_picture(reduce_bicubic(to_tensor(original), self.scale))
        if self.quality:
            return _recoded(original, self.quality)
        return _with_noise(original, self.sigma, np.random.default_rng(seed))


def reduced(scale: int) -> Condition:
    """Smaller by a factor of 2 or more."""
    return Condition(f"x{scale}", UPSCALE, scale=scale, told={"scale": scale})


def noised(sigma: float) -> Condition:
    """Gaussian noise of standard deviation `sigma` in 8-bit steps."""
    return Condition(f"noise {sigma:g}", DENOISE, sigma=sigma, told={"sigma": float(sigma)})


def compressed(quality: int) -> Condition:
    """JPEG of a quality from 1 to 100. Nobody tells a denoiser how much noise that is."""
    return Condition(f"jpeg {quality}", DENOISE, quality=quality)


def burst(frames: int, sigma: float, reduction: str) -> Condition:
    """Several pictures of half the size, moved and noisy; a single picture's enlargers get the first of them."""
    name = f"burst of {frames}, {reduction}, noise {sigma:g}"
    return Condition(name, MISR, bursts.SCALE, sigma, told={"scale": bursts.SCALE}, frames=frames, reduction=reduction)


def given(scale: int) -> Condition:
    """Spoiled by somebody else, in a way of which only the size is known."""
    if scale == 1:
        return Condition("given", DENOISE)
    return Condition(f"given x{scale}", UPSCALE, scale=scale, told={"scale": scale})


def _recoded(picture: Picture, quality: int) -> Picture:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=quality, subsampling="4:2:0")
    with Image.open(file) as image:
        return np.array(image, dtype=np.uint8)  # a copy: torch warns of read-only arrays


def _with_noise(picture: Picture, sigma: float, random: np.random.Generator) -> Picture:
    noisy: Picture = np.rint(np.clip(picture + random.normal(0.0, sigma, picture.shape), 0, 255)).astype(np.uint8)
    return noisy
