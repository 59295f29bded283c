"""Enlargement, by a learned network for each factor or by interpolation.

The networks were trained on pixel differences: they sharpen what is there and invent nothing, unlike adversarial and
diffusion models. This module knows sizes, greys and transparency. It does not know the networks' insides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np
from PIL import Image

from core.errors import ConfigurationError, LimitExceeded
from core.media import Frame, Pixels
from generators import parameters, tiling
from generators.base import Card, IsCancelled, Job, Output, Parameter, Progress, stop_if, version_of
from generators.deep import MAXIMUM, enhanced
from generators.enhancer import Enhancer
from generators.fidelity import reported
from generators.medical.enhancement import Work
from generators.medical.methods import tiled
from generators.medical.uncertainty import UNCERTAINTY
from generators.still import encode_like, in_greys, is_neutral, source_of

MAX_PIXELS = 100_000_000
"""Default bound on the pixels of one output: 300 MB of RGB beside the source."""
PLAN = tiling.Plan(size=256, margin=16)
"""Tiles of the shipped networks: the margin covers their reach, one pixel for each of their 3×3 convolutions."""


class Enlarger(Protocol):
    """What enlarges one tile. `restoration.Restorer` is one; so is `classical.interpolation.Interpolation`."""

    @property
    def scale(self) -> int:
        """Output pixels per input pixel along each axis."""
        ...

    @property
    def multiple_of(self) -> int:
        """The pixel grid on which tiles must start."""
        ...

    @property
    def digest(self) -> str:
        """Of all that shapes its output."""
        ...

    def __call__(self, pixels: tiling.Samples, /) -> tiling.Samples:
        """RGB (h, w, 3) → RGB (h·scale, w·scale, 3), uint8 or float32 as `tiling.Transform` says. Any size from 1×1."""
        ...


class Upscaler(Enhancer):
    """A generator of the task "upscale". The smallest factor among its networks is the default.

    plan: tiles whose margin MUST reach as far as the networks look, or their edges show. max_pixels: most pixels of one
    output. Raises ConfigurationError for no networks and for two of one factor.
    """

    task = "upscale"

    def __init__(
        self,
        name: str,
        networks: Sequence[Enlarger],
        card: Card,
        *,
        plan: tiling.Plan = PLAN,
        max_pixels: int = MAX_PIXELS,
    ) -> None:
        self._networks = {network.scale: network for network in networks}
        factors = sorted(self._networks)
        if not factors or len(factors) != len(networks):
            raise ConfigurationError(f"{name} needs one network for each factor")
        self.name = name
        self.card = card
        self.parameters: tuple[Parameter, ...] = (_scale_parameter(factors), UNCERTAINTY)
        self.version = version_of(name, plan, *(self._networks[factor].digest for factor in factors))
        self._plan = plan
        self._max_pixels = max_pixels

    def check(self, job: Job) -> None:
        """As `Enhancer.check`; raises LimitExceeded for an output of more pixels than allowed."""
        super().check(job)
        self._factor(job)

    def enhanced(self, job: Job, progress: Progress, cancelled: IsCancelled) -> Output:
        """See `Enhancer`."""
        source, factor = source_of(job), self._factor(job)
        frame = source.frames()[0]
        network = self._networks[factor]
        plan = self._plan.aligned(network.multiple_of)
        made = enhanced(network, _with_larger_alpha(frame, factor), plan, factor, progress, cancelled)
        stop_if(cancelled)  # a large file takes seconds to write
        return reported(frame.pixels, encode_like(source, made))

    def medical(self, job: Job, cancelled: IsCancelled, /) -> Work:
        """See `Enhancer`."""
        factor, network = self._factor(job), self._networks[self._factor(job)]
        method = tiled(network, self._plan.aligned(network.multiple_of), factor, cancelled)
        words = f"enlarged {factor} times by {self.name}"
        settings = parameters.complete(self.parameters, job.parameters)
        return Work(lambda _: method, None, factor, words, self.name, self.version, settings)

    def _factor(self, job: Job) -> int:
        """The job's factor, once its output is known to stay within the pixel budget."""
        factor = int(parameters.complete(self.parameters, job.parameters)["scale"])
        source = source_of(job)
        pixels = source.width * source.height
        if pixels * factor**2 > self._max_pixels:
            smaller_fits = pixels * min(self._networks) ** 2 <= self._max_pixels
            raise LimitExceeded(
                f"{source.width}×{source.height} enlarged ×{factor} has more pixels than allowed",
                field="parameters.scale" if smaller_fits else "media",
                limit=f"{self._max_pixels} pixels",
                found=f"{pixels * factor**2} pixels",
            )
        return factor


def enlarge(
    network: Enlarger, pixels: Pixels, progress: Progress, cancelled: IsCancelled, plan: tiling.Plan = PLAN
) -> Pixels:
    """RGB uint8 (h, w, 3) → RGB uint8 (h·scale, w·scale, 3). A picture of greys stays one."""
    transform = in_greys(network) if is_neutral(pixels) else network
    return tiling.apply(transform, pixels, plan.aligned(network.multiple_of), network.scale, progress, cancelled)


def _with_larger_alpha(frame: Frame, factor: int) -> Frame:
    """Bicubic: the networks never saw masks, and ring more at their hard edges."""
    if frame.alpha is None:
        return frame
    height, width = frame.alpha.shape
    size = (width * factor, height * factor)
    alpha = np.asarray(Image.fromarray(frame.alpha).resize(size, Image.Resampling.BICUBIC))
    if frame.deep_alpha is None:
        return replace(frame, alpha=alpha)
    floats = Image.fromarray(frame.deep_alpha.astype(np.float32)).resize(size, Image.Resampling.BICUBIC)
    deep = np.rint(np.clip(np.asarray(floats), 0, MAXIMUM)).astype(np.uint16)
    return replace(frame, alpha=alpha, deep_alpha=deep)


def _scale_parameter(factors: Sequence[int]) -> Parameter:
    return Parameter("scale", "int", factors[0], "how many times larger along each side", choices=tuple(factors))
