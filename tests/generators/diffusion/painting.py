"""Jobs for the tiny model, and what is seen of them while they run."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from core.media import Frame, Media, Pixels
from generators import parameters
from generators.base import Generator, Job, Output, Value
from tests.generators.pictures import media

PROMPT = "a red dog"
STEPS = 4


def order(
    prompt: str = PROMPT,
    *,
    source: Media | None = None,
    mask: Media | None = None,
    control: Media | None = None,
    negative: str = "",
    seed: int = 7,
    **settings: Value,
) -> Job:
    """A job of few steps."""
    return Job(source, {"steps": STEPS} | settings, prompt, negative, seed, mask, control)


def paint(model: Generator, *jobs: Job) -> list[Pixels]:
    """The pictures of one batch, with nobody watching."""
    return [output.frame.pixels for output in outputs(model, *jobs)]


def outputs(model: Generator, *jobs: Job) -> list[Output]:
    for job in jobs:
        parameters.complete(model.parameters, job.parameters)
    return model.generate(jobs, lambda _: None, lambda: False)


def square(side: int = 64, white: slice = slice(16, 40)) -> Pixels:
    """A mask: black, with a white square."""
    pixels = np.zeros((side, side, 3), np.uint8)
    pixels[white, white] = 255
    return pixels


def masked(side: int = 64) -> Media:
    return media(square(side))


@dataclass
class Watcher:
    """Hears and sees everything. after: progress reports until it goes away."""

    after: int = 1_000_000
    heard: list[float] = field(default_factory=list)
    seen: list[Frame] = field(default_factory=list)

    def gone(self) -> bool:
        return len(self.heard) >= self.after


def watched(job: Job, watcher: Watcher) -> Job:
    """The job with its unfinished pictures shown to `watcher`."""
    return replace(job, preview=watcher.seen.append)
