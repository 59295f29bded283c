"""A generator that applies one filter of `generators.classical.table`, tile by tile.

This module knows pictures and tiles. It does not know what a filter does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from core.media import Frame
from generators import parameters, tiling
from generators.base import (
    Card,
    IsCancelled,
    Job,
    Output,
    Parameter,
    Progress,
    Value,
    stop_if,
    version_of,
)
from generators.deep import enhanced
from generators.enhancer import Enhancer
from generators.fidelity import reported
from generators.medical.enhancement import Work
from generators.medical.ensemble import Method, Plane
from generators.medical.methods import tiled, unchanged
from generators.still import encode_like, source_of

SIGMA = "sigma"
"""The setting of filters that take noise away."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is done to each tile of one picture. The plan's margin MUST reach as far as the transform looks."""

    transform: tiling.Transform
    plan: tiling.Plan


Prepare: TypeAlias = Callable[[tiling.Samples, Mapping[str, Value]], Prepared | None]
"""From a picture, of a type as of `tiling.Transform`, and checked settings; None where it is to stay as it is."""


@dataclass(frozen=True, slots=True)
class Filter:
    """One method. card: the name of its card's file. made_of: constants and libraries that shape what it does."""

    name: str
    task: str
    parameters: tuple[Parameter, ...]
    prepare: Prepare
    card: str
    made_of: tuple[object, ...]


class Filtered(Enhancer):
    """The generator of one filter."""

    def __init__(self, filtering: Filter, card: Card) -> None:
        self._prepare = filtering.prepare
        self.name = filtering.name
        self.task = filtering.task
        self.parameters = filtering.parameters
        self.card = card
        self.version = version_of(filtering.name, *filtering.made_of)

    def enhanced(self, job: Job, progress: Progress, cancelled: IsCancelled) -> Output:
        """See `Enhancer`. Alpha is kept as it is."""
        source = source_of(job)
        frame = source.frames()[0]
        settings = parameters.complete(self.parameters, job.parameters)
        made = apply(self._prepare(frame.pixels, settings), frame, progress, cancelled)
        stop_if(cancelled)  # a large file takes seconds to write
        return reported(frame.pixels, encode_like(source, made))

    def medical(self, job: Job, cancelled: IsCancelled, /) -> Work:
        """See `Enhancer`. For filters that are told of noise alone; a stated σ is in the picture's rescaled units."""
        settings = parameters.complete(self.parameters, job.parameters)
        if SIGMA not in settings:
            return super().medical(job, cancelled)

        def at(sigma: float) -> Method:
            def method(plane: Plane, progress: Progress) -> Plane:
                pixels = np.broadcast_to(plane[..., None], (*plane.shape, 3))
                prepared = self._prepare(pixels, {**settings, SIGMA: sigma}) if sigma else None
                chosen = tiled(prepared.transform, prepared.plan, 1, cancelled) if prepared else unchanged
                return chosen(plane, progress)

            return method

        words = f"denoised by {self.name}"
        return Work(at, float(settings[SIGMA]), 1, words, self.name, self.version, settings)


def apply(prepared: Prepared | None, frame: Frame, progress: Progress, cancelled: IsCancelled) -> Frame:
    """`prepared` over a picture, with new pixels. Raises Cancelled between tiles."""
    if prepared is None:
        progress(1.0)
        return replace(frame, pixels=frame.pixels.copy())
    return enhanced(prepared.transform, frame, prepared.plan, 1, progress, cancelled)
