"""The workers of a sandbox: lent in the order of arrival, and replaced when they are no longer sound.

Does not know what a worker does while it is lent.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from core.errors import ConfigurationError, Unavailable
from core.sandbox.process import Boot, WorkerProcess

_log = logging.getLogger(__name__)

_JOBS_PER_WORKER = 2000
_GROWTH_BYTES = 256 * 1024 * 1024
_QUEUE_SECONDS = 60.0
_RETRY_SECONDS = 5.0


class Pool:
    """A fixed number of workers, used from one event loop.

    closed: no worker is lent any more.
    """

    def __init__(self, boot: Boot) -> None:
        self._boot = boot
        self._at_start: dict[WorkerProcess, int] = {}  # resident bytes of each worker when it was ready
        self._idle: list[WorkerProcess] = []
        self._waiting: deque[asyncio.Future[WorkerProcess]] = deque()
        self._replacing: set[asyncio.Task[None]] = set()
        self.closed = False

    async def fill(self, workers: int) -> None:
        """Starts the workers, and waits until all are ready. Raises ConfigurationError where one does not start."""
        outcomes = await asyncio.gather(*(self._add_worker() for _ in range(workers)), return_exceptions=True)
        for outcome in outcomes:
            if outcome is not None:
                raise outcome

    @asynccontextmanager
    async def lend(self, timeout: float | None) -> AsyncIterator[WorkerProcess]:
        """Lends a worker. Raises Unavailable where none comes free within `timeout` seconds."""
        worker = await self._take(timeout)
        try:
            yield worker
        finally:
            self._give_back(worker)

    async def close(self) -> None:
        """Ends every worker and waits for it. Whoever still waits gets Unavailable."""
        self.closed = True
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_exception(closed())
        self._waiting.clear()
        for task in self._replacing:
            task.cancel()
        await asyncio.gather(*self._replacing, return_exceptions=True)
        await asyncio.gather(*(worker.end() for worker in self._at_start))

    async def _take(self, timeout: float | None) -> WorkerProcess:
        if self.closed:
            raise closed()
        while self._idle:  # then nobody waits
            worker = self._idle.pop()
            if worker.alive:
                return worker
            self._give_up(worker)
        waiter: asyncio.Future[WorkerProcess] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        patience = _QUEUE_SECONDS if timeout is None else min(timeout, _QUEUE_SECONDS)
        try:
            async with asyncio.timeout(patience):
                return await waiter
        except TimeoutError as error:
            self._pass_on(waiter)
            raise Unavailable(f"no parsing worker came free within {patience:g} s") from error
        except asyncio.CancelledError:
            self._pass_on(waiter)
            raise

    def _pass_on(self, waiter: asyncio.Future[WorkerProcess]) -> None:
        """Gives up a place in the queue, and the worker that may have been handed over in that very moment."""
        if waiter in self._waiting:
            self._waiting.remove(waiter)
        elif not waiter.cancelled() and waiter.exception() is None:
            self._give_back(waiter.result())

    def _give_back(self, worker: WorkerProcess) -> None:
        """Keeps a sound worker, and replaces any other."""
        if self.closed:
            return  # `close` ends it
        grown = worker.resident() > self._at_start[worker] + _GROWTH_BYTES
        if worker.idle and worker.alive and worker.jobs < _JOBS_PER_WORKER and not grown:
            self._offer(worker)
        else:
            self._give_up(worker)

    def _give_up(self, worker: WorkerProcess) -> None:
        worker.kill()
        task = asyncio.get_running_loop().create_task(self._replace(worker))
        self._replacing.add(task)
        task.add_done_callback(self._replacing.discard)

    def _offer(self, worker: WorkerProcess) -> None:
        """Hands a worker to whoever waits longest, or keeps it."""
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(worker)
                return
        self._idle.append(worker)

    async def _replace(self, worker: WorkerProcess) -> None:
        """Ends a worker and starts another, again and again until one starts."""
        await worker.end()
        del self._at_start[worker]
        while True:
            try:
                return await self._add_worker()
            except ConfigurationError as error:
                _log.error("a parsing worker could not be replaced, trying again: %s", error)
            await asyncio.sleep(_RETRY_SECONDS)

    async def _add_worker(self) -> None:
        worker = await WorkerProcess.start(self._boot)
        self._at_start[worker] = worker.resident()
        self._offer(worker)


def closed() -> Unavailable:
    """The error of a closed sandbox."""
    return Unavailable("the sandbox is closed")
