"""The engine that runs models in this process, on threads.

The detectors' heavy parts (OpenCV, NumPy, PyTorch) release the GIL, so threads use all cores. Detectors have a lane
per thread, in which PyTorch starts no threads of its own; generators share one lane, because one of them already fills
the machine and its memory; jobs that go together are made together (`server.engine.lane`).
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter

import structlog
import torch

from core.media import Kind, Media
from detectors.base import FAILED, Detector, Finding, abstention
from generators.base import Generator, Job, Output
from server.engine.batcher import Batcher
from server.engine.lane import Lane
from server.metrics import Metrics

_ALIKE = 0.8  # of what a detector usually takes, how much the last batch leaves as it was


class LocalEngine:
    """`Engine` on this machine.

    threads: how many detector batches run at once. max_pending: submissions that may wait for one detector, and
    jobs that may wait for the generators' lane. max_batch, batch_window: see `server.engine.lane.Lane`. clock: seconds.
    """

    def __init__(
        self,
        detectors: Iterable[Detector],
        metrics: Metrics,
        *,
        threads: int = 2,
        max_pending: int = 256,
        max_batch: int = 4,
        batch_window: float = 0.02,
        clock: Callable[[], float] = perf_counter,
    ) -> None:
        self._log = structlog.get_logger("countersign.engine")
        self._metrics = metrics
        self._clock = clock
        turn = threading.Lock()
        self._threads = ThreadPoolExecutor(threads, "examine", set_torch_threads, (1, turn))
        self._making = ThreadPoolExecutor(1, "make", set_torch_threads, (torch.get_num_threads(), turn))
        self._lane = Lane(self._making, max_batch=max_batch, window=batch_window, max_pending=max_pending)
        self._detectors = tuple((detector, self._batcher(detector, threads, max_pending)) for detector in detectors)
        self._usual: dict[tuple[str, Kind], float] = {}

    def _batcher(self, detector: Detector, lanes: int, max_pending: int) -> Batcher[Media, Finding]:
        def work(batch: Sequence[Media]) -> list[Finding]:
            started = self._clock()
            findings = self._examine(detector, batch)
            spent = (self._clock() - started) / len(batch)
            self._metrics.detector_seconds.labels(detector.name).observe(spent)
            about = (detector.name, batch[0].kind)
            self._usual[about] = _ALIKE * self._usual.get(about, spent) + (1 - _ALIKE) * spent
            return findings

        return Batcher(work, self._threads, lanes=lanes, max_pending=max_pending)

    def _examine(self, detector: Detector, batch: Sequence[Media]) -> list[Finding]:
        """The findings of a batch. Media on which a detector fails gets an abstention; its batch-mates do not suffer.

        The failure is a defect of ours or an attack: it is logged and counted, and policy sees that nothing is known.
        """
        try:
            findings = detector.detect(batch)
            if len(findings) == len(batch):
                return findings
            raise RuntimeError(f"{len(findings)} findings for a batch of {len(batch)}")
        except Exception:  # noqa: BLE001 - logged, counted, and told to policy as an abstention
            if len(batch) > 1:
                return [finding for media in batch for finding in self._examine(detector, [media])]
            self._log.exception("detector failed", detector=detector.name, media=batch[0].digest)
            self._metrics.detector_failures.labels(detector.name).inc()
            return [
                abstention(detector, "the detector failed on this media; the server's log has the cause", (FAILED,))
            ]

    async def detect(self, media: Media, only: Collection[str] = ()) -> tuple[Finding, ...]:
        """All findings on one piece of media; the detectors run side by side.

        Those that usually take longest begin first: one of them that began last would run on alone, with the other
        threads idle.
        """
        chosen = [
            (self._usual.get((detector.name, media.kind), 0.0), batcher)
            for detector, batcher in self._detectors
            if media.kind in detector.kinds and (not only or detector.name in only)
        ]
        longest = sorted(range(len(chosen)), key=lambda place: -chosen[place][0])
        found = await asyncio.gather(*(chosen[place][1].submit(media) for place in longest))
        return tuple(finding for _, finding in sorted(zip(longest, found, strict=True), key=lambda pair: pair[0]))

    async def generate(self, model: Generator, job: Job, progress: Callable[[float], None]) -> Output:
        """One output, made on the generators' lane."""
        return await self._lane.submit(model, job, progress)

    @property
    def waiting(self) -> int:
        """Jobs that wait for the generators' lane."""
        return self._lane.waiting

    async def close(self) -> None:
        """Waits for the running batches, then frees the threads."""
        for _, batcher in self._detectors:
            await batcher.drain()
        await self._lane.drain()
        self._threads.shutdown(wait=True)
        self._making.shutdown(wait=True)


def set_torch_threads(count: int, turn: threading.Lock) -> None:
    """How many threads PyTorch uses for what the calling thread does, from now on.

    A thread takes over whatever number any thread set last, when it first asks; hence the turn, and the question.
    """
    with turn:
        torch.set_num_threads(count)
        torch.get_num_threads()
