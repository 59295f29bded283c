"""The sandbox as the server sees it: hostile bytes in, `Media` and views out, whatever becomes of the workers.

Knows when which worker is used, replaced and ended. Does not know what is parsed, nor how workers are confined.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from core.errors import ConfigurationError, LimitExceeded, NotFound, ParserFailed, Unavailable, UnsupportedMedia
from core.limits import Limits
from core.media import Media, View, digest_of
from core.sandbox.assembly import assemble
from core.sandbox.channel import heavy
from core.sandbox.confinement import Confinement, warn_if_unsafe
from core.sandbox.process import Answer, Boot, Trip, WorkerProcess
from core.sniff import sniff

_log = logging.getLogger(__name__)

PIXELS = "pixels"
"""The parser that every opened file goes through."""

_JOBS_PER_WORKER = 2000
_GROWTH_BYTES = 256 * 1024 * 1024
_QUEUE_SECONDS = 60.0
_RETRY_SECONDS = 5.0


class Sandbox:
    """Parses hostile bytes in confined processes that were started before. Used from one event loop.

    A worker that crashes, hangs, grows or answers nonsense is replaced; requests wait in the order of arrival.
    """

    def __init__(self, boot: Boot) -> None:
        """Made by `start`."""
        self._boot = boot
        self._workers: dict[WorkerProcess, int] = {}
        self._idle: list[WorkerProcess] = []
        self._waiting: deque[asyncio.Future[WorkerProcess]] = deque()
        self._replacing: set[asyncio.Task[None]] = set()
        self._closed = False

    @classmethod
    async def start(
        cls,
        parsers: Mapping[str, str],
        limits: Limits = Limits(),  # noqa: B008 - frozen
        workers: int = 2,
        *,
        options: Mapping[str, Mapping[str, Any]] | None = None,
        confinement: Confinement = Confinement.SECCOMP,
    ) -> Self:
        """A sandbox whose workers are ready.

        parsers: "package.module:function" by name, see `core.sandbox.contract`; `open` needs one named "pixels".
        options: what a parser is always given, JSON values by its name; those of a call come on top.
        Raises ConfigurationError where a worker cannot be started or confined.
        """
        if workers < 1:
            raise ConfigurationError("a sandbox needs at least one worker")
        warn_if_unsafe(confinement)
        sandbox = cls(Boot(dict(parsers), options or {}, limits, confinement))
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(workers):
                    group.create_task(sandbox._add_worker())
        except* ConfigurationError as errors:
            await sandbox.close()
            raise errors.exceptions[0] from None
        return sandbox

    async def open(self, data: bytes, views: Collection[str] = (), timeout: float | None = None) -> Media:
        """The media in `data`, decoded, with what each of `views` read in it, in one trip.

        timeout: seconds until the caller needs an answer. A failure of a parser of `views` is told in its view.

        Raises UnsupportedMedia, CorruptMedia, ParserFailed or LimitExceeded, each naming field, limit and found value;
        NotFound for a view that no parser makes; Unavailable where no worker comes free in time.
        """
        if len(data) > self._boot.limits.max_bytes:
            limit, found = self._boot.limits.max_bytes, len(data)
            raise LimitExceeded(
                f"the file has {found} bytes, allowed are {limit}",
                field="media.bytes",
                limit=str(limit),
                found=str(found),
            )
        kind, mime = sniff(data)
        names = tuple(dict.fromkeys((PIXELS, *sorted(views))))
        read = await self._travel(Trip(names, (data,), mime), timeout)
        return assemble(data, kind, mime, await heavy(len(data), digest_of, data), read)

    async def call(
        self,
        parser: str,
        blobs: Sequence[bytes],
        options: Mapping[str, Any] | None = None,
        *,
        answer: Answer | None = None,
        timeout: float | None = None,
    ) -> View:
        """What one parser reads in `blobs`.

        options: JSON values for the parser. answer: called in a thread with what the parser asks; what it raises is
        raised here. timeout: seconds until the caller needs an answer. Raises as `open` does.
        """
        read = await self._travel(Trip((parser,), blobs, _mime(blobs), options or {}, answer), timeout)
        return read[parser]

    async def close(self) -> None:
        """Ends every worker and waits for it. Whoever still waits gets Unavailable."""
        self._closed = True
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_exception(_closed())
        self._waiting.clear()
        for task in self._replacing:
            task.cancel()
        await asyncio.gather(*self._replacing, return_exceptions=True)
        workers, self._workers, self._idle = list(self._workers), {}, []
        await asyncio.gather(*(worker.end() for worker in workers))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _travel(self, trip: Trip, timeout: float | None) -> dict[str, View]:
        """Takes a worker, makes the trip within its deadline, and gives the worker back or up."""
        unknown = [name for name in trip.parsers if name not in self._boot.parsers]
        if unknown:
            raise NotFound(f"no parser is named {unknown[0]!r}; there are: {', '.join(self._boot.parsers)}")
        loop = asyncio.get_running_loop()
        began = loop.time()
        worker = await self._take(timeout)
        seconds = self._boot.limits.max_seconds
        if timeout is not None:
            seconds = min(seconds, max(0.0, timeout - (loop.time() - began)))
        try:
            async with asyncio.timeout(seconds) as deadline:
                return await worker.run(trip, seconds)
        except ParserFailed as error:
            if self._closed:  # `close` ended the worker
                raise _closed() from error
            raise
        except TimeoutError as error:
            if not deadline.expired():
                raise
            raise LimitExceeded(
                f"parsing took longer than {seconds:g} s",
                field="media.seconds",
                limit=f"{seconds:g}",
                found="more",
            ) from error
        finally:
            self._give_back(worker)

    async def _take(self, timeout: float | None) -> WorkerProcess:
        """An idle worker, in order of arrival. Raises Unavailable where none comes free in time."""
        if self._closed:
            raise _closed()
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
        if self._closed:
            return  # `close` ends it
        grown = worker.resident() > self._workers[worker] + _GROWTH_BYTES
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
        del self._workers[worker]
        while True:
            try:
                return await self._add_worker()
            except (ConfigurationError, OSError) as error:
                _log.error("a parsing worker could not be replaced, trying again: %s", error)
            await asyncio.sleep(_RETRY_SECONDS)

    async def _add_worker(self) -> None:
        worker = await WorkerProcess.start(self._boot)
        self._workers[worker] = worker.resident()
        self._offer(worker)


def _closed() -> Unavailable:
    return Unavailable("the sandbox is closed")


def _mime(blobs: Sequence[bytes]) -> str:
    try:
        return sniff(blobs[0])[1] if blobs else ""
    except UnsupportedMedia:
        return ""
