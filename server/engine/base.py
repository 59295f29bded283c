"""The contract of an engine: where models run. One process today; several machines later are another engine."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Protocol

from core.media import Media
from detectors.base import Finding
from generators.base import Generator, Job, Output


class Engine(Protocol):
    """Runs models. Every method may raise Unavailable when more work waits than the engine accepts."""

    async def detect(self, media: Media, only: Collection[str] = ()) -> tuple[Finding, ...]:
        """The findings of every detector that accepts this kind of media, in the order of the catalog.

        only: names of those that are wanted; all where it is empty.
        """
        ...

    async def generate(self, model: Generator, job: Job, progress: Callable[[float], None]) -> Output:
        """One output. Cancelling the awaiting task stops the work, unless others wait for what is made with it.

        `progress` and the job's preview are called on the event loop. Raises what the model raises for a job that it
        cannot do, and OutOfMemory where the machine has too little memory.
        """
        ...

    async def close(self) -> None:
        """Waits for running work and frees the threads."""
        ...
