"""The generators' lane: one batch at a time, of jobs that go together.

A job that may be made with others waits a moment for them. What one job does is nobody else's concern: whoever goes
away leaves its batch-mates' work running, and a batch that fails is made once more, each job alone. Knows nothing of
what is made.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import torch

from core.errors import Cancelled, OutOfMemory, Unavailable
from core.media import Frame
from generators.base import Generator, Job, Output

Told: TypeAlias = Callable[[float], None]
OUT_OF_MEMORY = (MemoryError, torch.OutOfMemoryError)


@dataclass(eq=False, slots=True)
class Place:
    """A job in the lane. key: what others must share to be made with it, None for nobody. heard: what it was told of
    its progress. abandoned: nobody waits for it any more.
    """

    model: Generator
    job: Job
    key: Hashable | None
    progress: Told
    done: asyncio.Future[Output]
    heard: float = 0.0
    abandoned: threading.Event = field(default_factory=threading.Event)

    def tell(self, fraction: float) -> None:
        """Passes progress on, which never falls, not even where the work had to begin again."""
        if fraction > self.heard:
            self.heard = fraction
            self.progress(fraction)

    def goes_with(self, other: Place) -> bool:
        """Whether both may be made by one call."""
        return self.key is not None and self.model is other.model and self.key == other.key


class Lane:
    """Makes what is submitted on `executor`, which MUST have one thread.

    max_batch: jobs of one call. window: seconds that a job waits for others when nothing runs. max_pending: jobs in the
    lane; one more raises Unavailable.
    """

    def __init__(self, executor: Executor, *, max_batch: int, window: float, max_pending: int) -> None:
        self._executor = executor
        self._max_batch = max_batch
        self._window = window
        self._max_pending = max_pending
        self._jobs = 0
        self._waiting: deque[Place] = deque()
        self._running: asyncio.Task[None] | None = None

    async def submit(self, model: Generator, job: Job, progress: Told) -> Output:
        """See `server.engine.base.Engine.generate`. What a model cannot do is refused before it joins others."""
        if self._jobs >= self._max_pending:
            raise Unavailable(f"{self._max_pending} jobs wait already", retry_after=5.0)
        self._jobs += 1
        try:
            key = await asyncio.to_thread(model.batch_key, job)
            loop = asyncio.get_running_loop()
            place = Place(model, told_on(loop, job), key, progress, loop.create_future())
            self._waiting.append(place)
            self._pump()
            try:
                return await place.done
            except asyncio.CancelledError:
                place.abandoned.set()
                raise
        finally:
            self._jobs -= 1

    @property
    def waiting(self) -> int:
        """Jobs whose making has not begun."""
        return len(self._waiting)

    async def drain(self) -> None:
        """Waits until nothing runs."""
        while self._running is not None:
            await asyncio.wait([self._running])

    def _pump(self) -> None:
        if self._running is None:
            self._running = asyncio.create_task(self._run())

    async def _run(self) -> None:
        """Makes batch after batch until nothing waits."""
        try:
            while self._waiting:
                if self._window and self._waiting[0].key is not None:
                    await asyncio.sleep(self._window)
                if batch := self._next():
                    await self._make(batch)
        finally:
            self._running = None

    def _next(self) -> list[Place]:
        """The job that waited longest, with those that go with it, in the order in which they came."""
        there = [place for place in self._waiting if not place.done.done()]
        chosen = [place for place in there if place is there[0] or place.goes_with(there[0])][: self._max_batch]
        self._waiting = deque(place for place in there if place not in chosen)
        return chosen

    async def _make(self, batch: list[Place]) -> None:
        loop = asyncio.get_running_loop()
        results = await loop.run_in_executor(self._executor, made, batch, loop)
        for place, result in zip(batch, results, strict=True):
            if place.done.done():
                continue
            if isinstance(result, Output):
                place.done.set_result(result)
            else:
                place.done.set_exception(result)


def made(batch: Sequence[Place], loop: asyncio.AbstractEventLoop) -> Sequence[Output | Exception]:
    """What becomes of each job, in order. Runs on the lane's thread."""

    def tell(fraction: float) -> None:
        for place in batch:
            loop.call_soon_threadsafe(place.tell, fraction)

    def abandoned() -> bool:
        return all(place.abandoned.is_set() for place in batch)

    try:
        outputs = batch[0].model.generate([place.job for place in batch], tell, abandoned)
        if len(outputs) != len(batch):
            raise RuntimeError(f"{len(outputs)} outputs for a batch of {len(batch)}")
        return outputs
    except Exception as error:  # noqa: BLE001 - told to whoever waits, and to nobody else
        if isinstance(error, Cancelled) or len(batch) == 1:
            return [named(error)] * len(batch)
    # Outside of the handler: what the failed batch held in memory is free by now.
    return [result for place in batch for result in made([place], loop)]


def named(error: Exception) -> Exception:
    """The error as callers are told it: too little memory is a limit of this machine, not a defect."""
    if not isinstance(error, OUT_OF_MEMORY):
        return error
    message = "this machine has not enough memory for this work"
    return OutOfMemory(message, field="memory", limit="what the machine has", found="more")


def told_on(loop: asyncio.AbstractEventLoop, job: Job) -> Job:
    """`job`, whose previews are handed over on the event loop."""
    if (preview := job.preview) is None:
        return job

    def hand_over(frame: Frame) -> None:
        loop.call_soon_threadsafe(preview, frame)

    return replace(job, preview=hand_over)
