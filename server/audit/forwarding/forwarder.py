"""The writer of a process that may not write: it hands everything to the one that does, over a Unix socket.

Runs on one event loop, without threads. What waits while a frame is being sent goes into the next one, together.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from core.errors import CountersignError, LimitExceeded, Unavailable
from server.audit.entries.entry import Recorded
from server.audit.forwarding.frames import MAX_FRAME, frame_of, read_frame
from server.audit.forwarding.messages import malformed, write_work
from server.audit.forwarding.requests import PING, Answer, greet, read_answer
from server.audit.forwarding.sockets import connect
from server.audit.tree.recent import Recent
from server.audit.writing.appender import Work
from server.audit.writing.backlog import Backlog, GroupLimits, size_of

# A frame stays well below what the other side takes, whatever CBOR adds.
_MAX_WORK = MAX_FRAME // 2
_FRAME_WORK = 4 << 20
# Seconds without any answer to what was asked: the writer is stopped, or its disk hangs.
_PATIENCE = 30.0
_PING_PATIENCE = 5.0
_RETRY_AFTER = 0.5


@dataclass(frozen=True, slots=True)
class _Asked:
    """What waits for an answer. size: bytes, roughly."""

    request: Mapping[str, Any]
    size: int
    answer: asyncio.Future[Answer]


class Forwarder:
    """A connection to the process that writes. Made by `connect`; useless once `gone` returned."""

    def __init__(self, reader: asyncio.StreamReader, stream: asyncio.StreamWriter, limits: GroupLimits) -> None:
        self._reader = reader
        self._stream = stream
        self._limits = limits
        self._backlog = Backlog(limits)
        self._number = 0
        self._unsent: dict[int, _Asked] = {}
        self._sent: dict[int, _Asked] = {}
        self._more = asyncio.Event()
        self._task = asyncio.create_task(self._run(), name="audit-forwarder")

    @classmethod
    async def connect(cls, path: Path, limits: GroupLimits) -> Self:
        """A forwarder to the process that listens at `path`. OSError if none does, or it cannot be worked with."""
        reader, stream = await asyncio.open_unix_connection(sock=connect(path), limit=1 << 20)
        try:
            await asyncio.wait_for(greet(reader, stream), _PATIENCE)
        except BaseException:
            stream.close()
            raise
        return cls(reader, stream, limits)

    @property
    def is_local(self) -> bool:
        """It is another process."""
        return False

    @property
    def recent(self) -> Recent | None:
        """None: nothing is committed here."""
        return None

    async def submit(self, work: Work) -> Recorded:
        """Wait until the other process recorded `work`.

        Unavailable if it went away meanwhile: then `work` may be recorded or not. LimitExceeded for evidence that no
        frame holds.
        """
        self._backlog.add(work)
        try:
            recorded = await self._ask(write_work(work), size_of(work))
        finally:
            self._backlog.remove(work)
        if recorded is None:
            raise Unavailable("the process that writes the audit log gave no record", retry_after=_RETRY_AFTER)
        return recorded

    async def ping(self) -> None:
        """Return if the other process would record now."""
        self._backlog.assert_open()
        try:
            await asyncio.wait_for(self._ask(PING, 0), _PING_PATIENCE)
        except TimeoutError as error:
            raise Unavailable("the process that writes the audit log does not answer") from error

    async def gone(self) -> None:
        """Wait until the connection ended, whoever ended it."""
        await asyncio.wait({self._task})

    async def close(self) -> None:
        """Wait for the answers that are due, then hang up."""
        self._backlog.close()
        asked = [*self._sent.values(), *self._unsent.values()]
        if asked:
            answers = asyncio.ensure_future(asyncio.wait([each.answer for each in asked]))
            await asyncio.wait({self._task, answers}, return_when=asyncio.FIRST_COMPLETED)
            answers.cancel()
        self._task.cancel()
        await self.gone()

    async def _ask(self, request: Mapping[str, Any], size: int) -> Recorded | None:
        if self._task.done():
            raise _lost()
        if size > _MAX_WORK:
            raise LimitExceeded(
                "too much evidence to forward", field="evidence", limit=f"{_MAX_WORK} bytes", found=f"{size} bytes"
            )
        asked = _Asked(request, size, asyncio.get_running_loop().create_future())
        self._number += 1
        self._unsent[self._number] = asked
        self._more.set()
        answer = await asked.answer
        if isinstance(answer, CountersignError):
            raise answer
        return answer

    async def _run(self) -> None:
        """Send and receive until one of them fails, then tell everybody who waits."""
        error: Exception | None = None
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._send())
                group.create_task(self._receive())
        except* (OSError, ValueError) as errors:
            error = errors.exceptions[0]
        finally:
            self._backlog.close()
            self._stream.close()
            for asked in (*self._sent.values(), *self._unsent.values()):
                if not asked.answer.done():
                    asked.answer.set_result(_lost(error))
            self._sent.clear()
            self._unsent.clear()

    async def _send(self) -> None:
        while True:
            await self._more.wait()
            requests = []
            for number, asked in self._next():
                self._sent[number] = asked
                requests.append((number, asked.request))
            self._stream.write(frame_of(requests))
            await self._stream.drain()

    def _next(self) -> list[tuple[int, _Asked]]:
        """What goes into the next frame."""
        taken: list[tuple[int, _Asked]] = []
        size = 0
        while self._unsent and len(taken) < self._limits.batch and size < _FRAME_WORK:
            number = next(iter(self._unsent))
            taken.append((number, self._unsent.pop(number)))
            size += taken[-1][1].size
        if not self._unsent:
            self._more.clear()
        return taken

    async def _receive(self) -> None:
        while True:
            frame = await self._next_frame()
            with malformed():
                for number, answer in frame:
                    asked = self._sent.pop(number)
                    if not asked.answer.done():  # its caller may have left
                        asked.answer.set_result(read_answer(answer))

    async def _next_frame(self) -> Any:
        """TimeoutError where something was asked, and nothing at all was answered for too long."""
        reading = asyncio.ensure_future(read_frame(self._reader))
        try:
            while True:
                oldest = next(iter(self._sent), None)
                done, _ = await asyncio.wait({reading}, timeout=_PATIENCE)
                if done:
                    return reading.result()
                if oldest is not None and oldest in self._sent:
                    raise TimeoutError("the process that writes the audit log does not answer")
        finally:
            reading.cancel()


def _lost(error: Exception | None = None) -> Unavailable:
    """What callers get whose answer will not come. What they asked for may be recorded all the same."""
    unavailable = Unavailable("the process that writes the audit log went away", retry_after=_RETRY_AFTER)
    unavailable.__cause__ = error
    return unavailable
