"""A generator that applies one filter of `generators.classical.table`, tile by tile.

This module knows pictures, tiles, greys and transparency. It does not know what a filter does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from core.media import Frame, Pixels
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
from generators.enhancer import Enhancer
from generators.fidelity import reported
from generators.still import encode_like, in_greys, is_neutral, source_of


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is done to each tile of one picture. The plan's margin MUST reach as far as the transform looks."""

    transform: tiling.Transform
    plan: tiling.Plan


Prepare: TypeAlias = Callable[[Pixels, Mapping[str, Value]], Prepared | None]
"""From a picture, RGB uint8 (h, w, 3), and checked settings; None where the picture is to stay as it is."""


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
        pixels = apply(self._prepare(frame.pixels, settings), frame.pixels, progress, cancelled)
        stop_if(cancelled)  # a large file takes seconds to write
        return reported(frame.pixels, encode_like(source, Frame(pixels, frame.alpha)))


def apply(prepared: Prepared | None, pixels: Pixels, progress: Progress, cancelled: IsCancelled) -> Pixels:
    """`prepared` over a picture, RGB uint8 (h, w, 3), as a new array of that size. Raises Cancelled between tiles."""
    if prepared is None:
        progress(1.0)
        return pixels.copy()
    transform = in_greys(prepared.transform) if is_neutral(pixels) else prepared.transform
    return tiling.apply(transform, pixels, prepared.plan, 1, progress, cancelled)
