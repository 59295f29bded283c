"""A generator that does all that text to image may: takes pictures, works in steps, shows them, works in batches."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np

from core.errors import InvalidInput
from core.media import Frame, Kind, digest_of
from generators.base import CONTROL, MASK, PROMPT, SOURCE, IsCancelled, Job, Output, Progress, Value, stop_if
from tests.server.fakes import Painter

Between: TypeAlias = Callable[[int], None]
STEPS = 5
NOTES: Mapping[str, Value] = {
    "nearest_training_item": "fluent:red-apple",
    "nearest_similarity": 0.97,
    "memorised": 1,
}
GREY, RED = (120, 120, 120), (220, 20, 20)


def nothing(_step: int) -> None:
    pass


def settling(loop: asyncio.AbstractEventLoop) -> Between:
    """Holds the making up after each step until every preview was looked at that has been taken so far."""

    def settle(_step: int) -> None:
        done = threading.Event()

        async def settled() -> None:
            while pending := [task for task in asyncio.all_tasks() if "Previews._look" in repr(task.get_coro())]:
                await asyncio.wait(pending)
            done.set()

        loop.call_soon_threadsafe(lambda: waiting.append(asyncio.ensure_future(settled())))
        done.wait(10)

    waiting: list[asyncio.Future[None]] = []
    return settle


class Studio(Painter):
    """Paints in five steps. between: called on the making thread after each step, with its number from 1.

    "blush" in a prompt makes unfinished work red; "impossible" cannot be made, "broken" fails, "huge" needs more memory
    than there is, "large" does so only together with others.
    """

    name = "studio"
    version = digest_of(b"studio 1")

    def __init__(self, between: Between = nothing) -> None:
        super().__init__()
        self.kinds = frozenset({Kind.IMAGE})
        self.inputs = frozenset({PROMPT, SOURCE, MASK, CONTROL})
        self.batches: list[list[str]] = []
        self.jobs: list[Job] = []
        self.decoded = 0
        self.hold = threading.Event()
        self.hold.set()
        self.between = between

    def batch_key(self, job: Job) -> str:  # type: ignore[override]
        if job.prompt == "impossible":
            raise InvalidInput("that cannot be painted", field="prompt")
        if job.mask and job.source and (job.mask.width, job.mask.height) != (job.source.width, job.source.height):
            found = f"{job.mask.width}×{job.mask.height}"
            raise InvalidInput("the mask has another size", field="mask", limit="the source's", found=found)
        return str(job.parameters.get("grey", ""))

    def source_type_of(self, inputs: Collection[str]) -> str:
        return "compositeWithTrainedAlgorithmicMedia" if SOURCE in inputs else self.source_type

    def generate(self, batch: Sequence[Job], progress: Progress, cancelled: IsCancelled) -> list[Output]:
        self.batches.append([job.prompt for job in batch])
        self.started.set()
        self.hold.wait(10)
        self._fail(batch)
        try:
            for step in range(1, STEPS + 1):
                stop_if(cancelled)
                progress(step / STEPS)
                self._show(batch)
                self.between(step)
            stop_if(cancelled)
        except BaseException:
            self.stopped.set()
            raise
        self.jobs += batch
        self.decoded += len(batch)
        notes: dict[str, Value] = {
            "nearest_training_item": "fluent:red-apple",
            "nearest_similarity": 0.97,
            "memorised": 1,
        }
        return [replace(self._paint(job), notes=notes) for job in batch]

    def _fail(self, batch: Sequence[Job]) -> None:
        prompts = [job.prompt for job in batch]
        if "broken" in prompts:
            raise RuntimeError("secret detail")
        if "huge" in prompts or ("large" in prompts and len(batch) > 1):
            raise MemoryError

    def _show(self, batch: Sequence[Job]) -> None:
        for job in batch:
            if job.preview:
                colour = RED if "blush" in job.prompt else GREY
                job.preview(Frame(np.full((64, 64, 3), colour, np.uint8)))
