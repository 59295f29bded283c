"""Who writes: this process where it gets the right to, else whichever process has it; and who takes over when it ends.

    claim ── got it ──> LocalWriter, and a Host for the others ── until closed
      ^  └── another has it ──> Forwarder to its Host ── until it is gone ──┐
      └─────────────────────────────────────────────────────────────────────┘

The kernel gives the right back when its holder dies, so that no process has to decide whether another is alive.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Self

from core.errors import ConfigurationError, CountersignError, Unavailable
from server.audit.entries.entry import Recorded
from server.audit.forwarding.forwarder import Forwarder
from server.audit.forwarding.host import Host
from server.audit.store import Store
from server.audit.tree.recent import Recent
from server.audit.writing.appender import Work
from server.audit.writing.backlog import GroupLimits
from server.audit.writing.writer import LocalWriter, Writer

_LOG = logging.getLogger(__name__)
# Between two attempts: a writer that has just got the right needs some milliseconds until it listens.
_PAUSE = 0.05
_RETRY_AFTER = 0.5


class Seat:
    """The writer of a store that only one process may write (see `writer.Writer`). Made by `take`.

    begin: makes the local writer once the right to write is held; raises what forbids it.
    """

    def __init__(
        self, store: Store, path: Path, begin: Callable[[], Awaitable[LocalWriter]], limits: GroupLimits
    ) -> None:
        self._store = store
        self._path = path
        self._begin = begin
        self._limits = limits
        self._writer: Writer | None = None
        self._host: Host | None = None
        self._why: Exception | None = None
        self._task: asyncio.Task[None] | None = None

    @classmethod
    async def take(
        cls,
        store: Store,
        path: Path,
        begin: Callable[[], Awaitable[LocalWriter]],
        limits: GroupLimits,
        *,
        patience: float,
    ) -> Self:
        """A seat that somebody writes from. patience: seconds that another process's writer may take to answer.

        ConfigurationError if this process may not write, for a reason, or nobody answers.
        """
        seat = cls(store, path, begin, limits)
        try:
            async with asyncio.timeout(patience):
                await seat._settle()
        except TimeoutError:
            why = f": {seat._why}" if seat._why else ""
            raise ConfigurationError(f"another process writes this log, and does not take entries{why}") from seat._why
        seat._task = asyncio.create_task(seat._run(), name="audit-seat")
        return seat

    @property
    def is_local(self) -> bool:
        """Whether this process writes."""
        return self._host is not None

    @property
    def recent(self) -> Recent | None:
        """What this process committed last."""
        return self._writer.recent if self._writer else None

    async def submit(self, work: Work) -> Recorded:
        """Wait until `work` is committed, by whichever process."""
        return await self._now().submit(work)

    async def ping(self) -> None:
        """Return if work would be recorded now."""
        await self._now().ping()

    async def close(self) -> None:
        """Finish what waits, of this process and of others, then let another one write."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        await self._stand_up()

    def _now(self) -> Writer:
        if self._writer is None:
            raise Unavailable("the audit log gets another writer", retry_after=_RETRY_AFTER) from self._why
        return self._writer

    async def _run(self) -> None:
        while True:
            if isinstance(self._writer, Forwarder):
                await self._writer.gone()
                _LOG.warning("the process that writes the audit log went away")
                self._writer = None
            elif self._writer is not None:
                return  # this process writes until it is closed
            try:
                await self._settle()
            except CountersignError as error:
                # Whatever forbids this process to write may be mended, or another one may be luckier.
                _LOG.error("this process cannot take over the audit log: %s", error)
                self._why = error
                await asyncio.sleep(_RETRY_AFTER)

    async def _settle(self) -> None:
        """Write, or reach who does; try until one of them comes true."""
        while True:
            if self._store.claim():
                await self._write()
            else:
                await self._forward()
            if self._writer is not None:
                return
            await asyncio.sleep(_PAUSE)

    async def _write(self) -> None:
        try:
            writer = await self._begin()
        except BaseException:
            self._store.release()
            raise
        self._writer = writer
        try:
            self._host = await Host.open(writer, self._path)
        except OSError as error:
            await self._stand_up()
            raise ConfigurationError(f"other processes could not reach this one at {self._path}: {error}") from error
        _LOG.info("this process writes the audit log")

    async def _forward(self) -> None:
        try:
            self._writer = await Forwarder.connect(self._path, self._limits)
        except OSError as error:
            self._why = error
        else:
            _LOG.info("another process writes the audit log; this one forwards to it")

    async def _stand_up(self) -> None:
        """The others are answered before this process's own writer ends, and it ends before the right is given back."""
        host, self._host = self._host, None
        if host is not None:
            await host.close()
        writer, self._writer = self._writer, None
        if writer is not None:
            await writer.close()
        with contextlib.suppress(Unavailable):
            self._store.release()
