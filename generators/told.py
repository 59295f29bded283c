"""Denoisers that are told how strong the noise is, or else estimate it: photographs, medical pictures and scenes alike.

This module knows in which units σ comes and where it goes. It does not know how noise is removed.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import replace

from core.media import Frame, Pixels
from generators import parameters
from generators.auto import PLAN
from generators.base import IsCancelled, Job, Output, Parameter, Progress, stop_if
from generators.deep import enhanced
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
from generators.tiling import Plan, Transform

LEAST = 0.5
"""σ in 8-bit steps below which rounding drowns the noise, and a picture is left as it is."""
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


class Told(Enhancer):
    """A generator of the task "denoise". plan: tiles whose margin MUST reach as far as what `at` gives looks.

    least, least_found: σ in 8-bit steps, stated and estimated, below which a photograph is left as it is.
    """

    task = "denoise"
    parameters: tuple[Parameter, ...] = (*DENOISING, PROFILE)
    plan: Plan
    least = least_found = LEAST

    @abstractmethod
    def at(self, level: float) -> Transform:
        """What takes away Gaussian noise of standard deviation `level`, where white is 1."""

    def enhanced(self, job: Job, progress: Progress, cancelled: IsCancelled) -> Output:
        """See `Enhancer`. Alpha is kept as it is."""
        source = source_of(job)
        frame = source.frames()[0]
        stated = float(parameters.complete(self.parameters, job.parameters)["sigma"])
        sigma = stated or noise_level(frame.pixels)
        least = self.least if stated else self.least_found
        made = denoised(self.at, self.plan, frame, sigma if sigma >= least else 0.0, progress, cancelled)
        stop_if(cancelled)  # a large file takes seconds to write
        output = reported(frame.pixels, encode_like(source, made))
        return replace(output, notes={**output.notes, PLAN: _said(sigma, stated > 0, least)})

    def medical(self, job: Job, cancelled: IsCancelled, /) -> Work:
        """See `Enhancer`. The stated σ is in the picture's rescaled units."""
        settings = parameters.complete(self.parameters, job.parameters)

        def method(sigma: float) -> Method:
            return tiled(self.at(sigma / 255.0), self.plan, 1, cancelled) if sigma else unchanged

        words = f"denoised by {self.name}"
        return Work(method, float(settings["sigma"]), 1, words, self.name, self.version, settings)

    def measuring(self, job: Job, /) -> scenes.Method:
        """See `Enhancer`. A stated σ is in 255ths of a band's own range."""
        stated = float(parameters.complete(self.parameters, job.parameters)["sigma"])

        def prepare(pixels: Pixels) -> scenes.Tiled | None:
            sigma = stated or noise_level(pixels)
            return scenes.Tiled(self.at(sigma / 255.0), self.plan) if sigma >= LEAST else None

        return scenes.Method(1, prepare)


def _said(sigma: float, stated: bool, least: float) -> str:
    """What was done, and why: who asked for less noise and got the same picture has to hear it."""
    noise = f"noise of σ {sigma:.1f}, {'as stated' if stated else 'as estimated'}"
    return f"{noise}, is taken away" if sigma >= least else f"left as it is: {noise}, is below {least:g}"


def denoised(
    at: Callable[[float], Transform],
    plan: Plan,
    frame: Frame,
    sigma: float,
    progress: Progress,
    cancelled: IsCancelled,
) -> Frame:
    """`frame` without Gaussian noise of standard deviation `sigma`, in 8-bit steps.

    Noise under half a step leaves the picture as it is. Raises Cancelled between tiles.
    """
    if sigma < LEAST:
        progress(1.0)
        return replace(frame, pixels=frame.pixels.copy())
    return enhanced(at(sigma / 255.0), frame, plan, 1, progress, cancelled)
