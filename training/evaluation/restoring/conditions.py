"""How photographs are spoiled before they are restored, as the papers of the field do it.

Small pictures are made by bicubic reduction with antialiasing, noise is Gaussian in 8-bit steps, clipped and rounded as
a stored picture would be, and JPEG is libjpeg's with colour at half the resolution. Blur is the same all over, with
the noise that every camera has.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from generators.base import Value
from generators.told import SIGMA
from training.blurring import Kernel, blurred, disc, gaussian, motion
from training.degrade import reduce_bicubic
from training.evaluation.restoring import bursts
from training.measure import to_picture, to_tensor
from training.metrics import Picture

UPSCALE, DENOISE, MISR, DEBLUR = "upscale", "denoise", "misr", "deblur"
_RIM = 32  # pixels
_CAMERA = 1.0  # σ of the noise in blurred pictures, 8-bit steps: without any, deconvolving is mere arithmetic


@dataclass(frozen=True, slots=True)
class Condition:
    """One way of spoiling. task: what undoes it. scale: how much smaller the spoiled picture is along each side.

    told: settings that a model hears if it has them: the factor, the noise's σ, as the papers' denoisers do, and the
    blur's. quality: of JPEG, 0 for none. frames: pictures of a burst, 1 for no burst. reduction: of a burst's pictures.
    kernel: of the blur, by chance; None for none.
    """

    name: str
    task: str
    scale: int = 1
    sigma: float = 0.0
    quality: int = 0
    frames: int = 1
    reduction: str = bursts.AREA
    told: Mapping[str, Value] = field(default_factory=dict)
    kernel: Callable[[np.random.Generator], Kernel] | None = None

    @property
    def border(self) -> int:
        """Pixels a side that are not compared: what papers leave out, and of a blurred picture what its mirrored edge
        brought in, which is known to a filter that mirrors and to nobody else.
        """
        if self.kernel is not None:
            return _RIM
        return self.scale if self.scale > 1 else 0

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
        random = np.random.default_rng(seed)
        picture = original if self.kernel is None else blurred(original, self.kernel(random))
        return _with_noise(picture, self.sigma, random)


def reduced(scale: int) -> Condition:
    """Smaller by a factor of 2 or more."""
    return Condition(f"x{scale}", UPSCALE, scale=scale, told={"scale": scale})


def noised(sigma: float) -> Condition:
    """Gaussian noise of standard deviation `sigma` in 8-bit steps."""
    return Condition(f"noise {sigma:g}", DENOISE, sigma=sigma, told={"sigma": float(sigma)})


def compressed(quality: int) -> Condition:
    """JPEG of a quality from 1 to 100. Nobody tells a denoiser how much noise that is."""
    return Condition(f"jpeg {quality}", DENOISE, quality=quality)


def softened(sigma: float) -> Condition:
    """Blurred by a Gaussian of σ in pixels, which is told."""
    told = {"blur": float(sigma)}
    return Condition(f"gaussian {sigma:g}", DEBLUR, sigma=_CAMERA, told=told, kernel=lambda _: gaussian(sigma))


def defocused(radius: float) -> Condition:
    """Blurred by a disc of so many pixels; the σ of an equally wide Gaussian is told."""
    told = {"blur": radius / 2}
    return Condition(f"disc {radius:g}", DEBLUR, sigma=_CAMERA, told=told, kernel=lambda _: disc(radius))


def shaken(length: float) -> Condition:
    """Blurred along a straight line of so many pixels, heading anywhere. No one width fits, so none is told."""
    return Condition(
        f"motion {length:g}", DEBLUR, sigma=_CAMERA, kernel=lambda random: motion(length, random.uniform(0, math.pi))
    )


BLURS = (softened(1), softened(2), defocused(3), shaken(9))
"""What deblurring is measured on."""


def burst(frames: int, sigma: float, reduction: str) -> Condition:
    """Several pictures of half the size, moved and noisy; a single picture's enlargers get the first of them."""
    name = f"burst of {frames}, {reduction}, noise {sigma:g}"
    return Condition(name, MISR, bursts.SCALE, sigma, told={"scale": bursts.SCALE}, frames=frames, reduction=reduction)


def given(scale: int, sigma: float | None = None) -> Condition:
    """Spoiled by somebody else, in a way of which only the size is known, and the noise's σ where somebody says it.

    It is in the name, so that levels never share a row, and is told where it is one that denoisers take.
    """
    name = "given" if scale == 1 else f"given x{scale}"
    told: dict[str, Value] = {} if scale == 1 else {"scale": scale}
    if sigma is not None:
        name += f", noise {sigma:g}"
        told |= {SIGMA.name: float(sigma)} if 0 < sigma <= (SIGMA.maximum or math.inf) else {}
    return Condition(name, DENOISE if scale == 1 else UPSCALE, scale=scale, told=told)


def _recoded(picture: Picture, quality: int) -> Picture:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=quality, subsampling="4:2:0")
    with Image.open(file) as image:
        return np.array(image, dtype=np.uint8)  # a copy: torch warns of read-only arrays


def _with_noise(picture: Picture, sigma: float, random: np.random.Generator) -> Picture:
    noisy: Picture = np.rint(np.clip(picture + random.normal(0.0, sigma, picture.shape), 0, 255)).astype(np.uint8)
    return noisy
