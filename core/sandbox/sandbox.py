"""The sandbox as the server sees it: hostile bytes in, `Media` and views out, whatever becomes of the workers.

Knows deadlines and sizes. Does not know what is parsed, nor how workers are confined.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from core.errors import ConfigurationError, LimitExceeded, NotFound, ParserFailed, Unavailable, UnsupportedMedia
from core.limits import Limits
from core.media import Media, View, digest_of
from core.sandbox.assembly import PIXELS, assemble
from core.sandbox.channel import heavy
from core.sandbox.confinement import Confinement, warn_if_unsafe
from core.sandbox.pool import Pool, closed
from core.sandbox.process import Boot, WorkerProcess
from core.sandbox.trip import Answer, Trip
from core.sniff import sniff


class Sandbox:
    """Parses hostile bytes in confined processes that were started before. Used from one event loop.

    A worker that crashes, hangs, grows or answers nonsense is replaced; requests wait in the order of arrival.
    """

    def __init__(self, boot: Boot) -> None:
        """Made by `start`."""
        self._boot = boot
        self._pool = Pool(boot)

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
            await sandbox._pool.fill(workers)
        except BaseException:
            await sandbox.close()
            raise
        return sandbox

    async def open(self, data: bytes, views: Collection[str] = (), timeout: float | None = None) -> Media:
        """The media in `data`, decoded, with what each of `views` read in it, in one trip.

        timeout: seconds until the caller needs an answer. A failure of a parser of `views` is told in its view.

        Raises UnsupportedMedia, CorruptMedia, ParserFailed or LimitExceeded, each naming field, limit and found value;
        NotFound for a view that no parser makes; Unavailable where no worker comes free in time.
        """
        self._weigh(data)
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
        for blob in blobs:
            self._weigh(blob)
        read = await self._travel(Trip((parser,), blobs, _mime(blobs), options or {}, answer), timeout)
        return read[parser]

    async def close(self) -> None:
        """Ends every worker and waits for it. Whoever still waits gets Unavailable."""
        await self._pool.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def _weigh(self, blob: bytes) -> None:
        found, limit = len(blob), self._boot.limits.max_bytes
        if found > limit:
            raise LimitExceeded(
                f"the file has {found} bytes, allowed are {limit}",
                field="media.bytes",
                limit=str(limit),
                found=str(found),
            )

    async def _travel(self, trip: Trip, timeout: float | None) -> dict[str, View]:
        """Makes the trip within its deadline, with the first worker that is free."""
        unknown = [name for name in trip.parsers if name not in self._boot.parsers]
        if unknown:
            raise NotFound(f"no parser is named {unknown[0]!r}; there are: {', '.join(self._boot.parsers)}")
        loop = asyncio.get_running_loop()
        began = loop.time()
        async with self._pool.lend(timeout) as worker:
            left = self._boot.limits.max_seconds
            if timeout is not None:
                left = min(left, timeout - (loop.time() - began))
            if left <= 0:
                raise Unavailable("the deadline passed before a parsing worker came free")
            return await self._run(worker, trip, left)

    async def _run(self, worker: WorkerProcess, trip: Trip, seconds: float) -> dict[str, View]:
        deadline = asyncio.timeout(seconds)
        try:
            async with deadline:
                return await worker.run(trip, seconds)
        except ParserFailed as error:
            if self._pool.closed:  # closing ended the worker
                raise closed() from error
            raise
        except TimeoutError as error:
            if not deadline.expired():  # an answer's own
                raise
            limit = f"{seconds:.3g}"
            raise LimitExceeded(
                f"parsing took longer than {limit} s", field="media.seconds", limit=limit, found="more"
            ) from error


def _mime(blobs: Sequence[bytes]) -> str:
    try:
        return sniff(blobs[0])[1] if blobs else ""
    except UnsupportedMedia:
        return ""
