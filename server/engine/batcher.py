"""Adaptive batching: whoever arrives while all lanes are busy waits and leaves with the next batch.

An idle lane takes work at once, so a lone caller never waits for company; batches grow only as load does. Knows
nothing of what the work is.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import Generic, TypeVar

from core.errors import Unavailable

Item = TypeVar("Item")
Result = TypeVar("Result")


class Batcher(Generic[Item, Result]):
    """Turns single submissions into calls of `work` on batches, on `executor`, at most `lanes` at a time.

    work: takes a batch, returns one result for each item, in order. max_batch: items per call. max_pending: items
    that may wait; one more raises Unavailable.
    """

    def __init__(
        self,
        work: Callable[[Sequence[Item]], Sequence[Result]],
        executor: Executor,
        *,
        lanes: int = 1,
        max_batch: int = 16,
        max_pending: int = 256,
    ) -> None:
        self._work = work
        self._executor = executor
        self._lanes = lanes
        self._max_batch = max_batch
        self._max_pending = max_pending
        self._pending: deque[tuple[Item, asyncio.Future[Result]]] = deque()
        self._running: set[asyncio.Task[None]] = set()

    async def submit(self, item: Item) -> Result:
        """The result of `work` for this item. A cancelled submission that still waits is never worked on."""
        if len(self._pending) >= self._max_pending:
            raise Unavailable(f"{self._max_pending} requests wait already", retry_after=1.0)
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._pending.append((item, future))
        self._pump()
        return await future

    async def drain(self) -> None:
        """Waits until nothing runs."""
        while self._running:
            await asyncio.wait(self._running)

    def _pump(self) -> None:
        """Gives waiting work to free lanes, an equal share to each, so that lanes are used before batches grow."""
        while self._pending and len(self._running) < self._lanes:
            free = self._lanes - len(self._running)
            share = min(self._max_batch, -(-len(self._pending) // free))
            batch = [entry for entry in (self._pending.popleft() for _ in range(share)) if not entry[1].done()]
            if batch:
                task = asyncio.create_task(self._run(batch))
                self._running.add(task)
                task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._pump()

    async def _run(self, batch: list[tuple[Item, asyncio.Future[Result]]]) -> None:
        """Works on one batch. Errors go to the callers that wait for it, and to nobody else."""
        loop = asyncio.get_running_loop()
        try:
            results = await loop.run_in_executor(self._executor, self._work, [item for item, _ in batch])
            if len(results) != len(batch):
                raise RuntimeError(f"{len(results)} results for a batch of {len(batch)}")
        except Exception as error:  # noqa: BLE001 - handed on to every waiting caller
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, future), result in zip(batch, results, strict=True):
            if not future.done():
                future.set_result(result)
