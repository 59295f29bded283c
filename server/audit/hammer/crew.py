"""The worker processes: started, listened to, killed now and then, and replaced.

This module knows processes and pipes. What the messages mean is the listener's.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import random
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO

from core.errors import Unavailable
from server.audit.hammer.messages import Acknowledged, Message, Ready, read
from server.audit.hammer.plan import Orders, Plan

_MODULE = "server.audit.hammer.worker"
_PIPE_BYTES = 1 << 20
_OPENING_SECONDS = 60.0
_CLOSING_SECONDS = 60.0
_TAIL = 2000


@dataclass(slots=True)
class _Worker:
    """A process and what is known of it. highest: the highest number that it or a predecessor had acknowledged.
    killed: by us.
    """

    number: int
    process: Process
    complaints: IO[bytes]
    output: asyncio.ReadTransport
    ready: asyncio.Event
    listening: asyncio.Task[None] | None = None
    highest: int = -1
    life: int = 0
    killed: bool = False

    @property
    def failed(self) -> bool:
        """Whether it ended, and not because we killed it."""
        return not self.killed and bool(self.process.returncode)

    def tail(self) -> str:
        """The end of what it complained of."""
        self.complaints.seek(0)
        return self.complaints.read().decode(errors="replace")[-_TAIL:].strip() or "it said nothing"

    def close(self) -> None:
        """Leave neither process nor files behind. Twice is fine."""
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.kill()
        if self.listening:
            self.listening.cancel()
        self.output.close()
        self.complaints.close()


class Crew:
    """The workers of one run. listen: gets every message. kills: how many were killed."""

    def __init__(self, plan: Plan, listen: Callable[[Message], None]) -> None:
        self.kills = 0
        self._plan = plan
        self._listen = listen
        self._workers: list[_Worker] = []
        self._chance = random.Random(plan.run)  # noqa: S311 - a load, not a secret

    async def start(self) -> None:
        """Start every worker, and wait until each has opened the log. Unavailable if one does not."""
        for number in range(self._plan.processes):
            self._workers.append(await self._hire(number, life=0, highest=-1))
        for worker in self._workers:
            await self._wait_until_ready(worker)

    async def kill_now_and_then(self) -> None:
        """For ever: SIGKILL one worker, and put another one in its place that sends again what was under way."""
        while True:
            await asyncio.sleep(self._plan.kill * self._chance.uniform(0.5, 1.5))
            place = self._chance.randrange(len(self._workers))
            worker = self._workers[place]
            worker.killed = True
            worker.process.kill()
            await self._bury(worker)
            worker.close()
            self.kills += 1
            self._workers[place] = await self._hire(worker.number, worker.life + 1, worker.highest)

    def failure(self) -> str:
        """How a worker failed; "" while none did."""
        return next((_end_of(worker) for worker in self._workers if worker.failed), "")

    async def stop(self) -> str:
        """Let every worker finish what it began. "" or what went wrong."""
        fault = self.failure()
        for worker in self._workers:
            if worker.process.stdin:
                worker.process.stdin.close()
        for worker in self._workers:
            try:
                await asyncio.wait_for(self._bury(worker), _CLOSING_SECONDS)
            except TimeoutError:
                fault = fault or f"worker {worker.number} did not stop"
        return fault or self.failure()

    def close(self) -> None:
        """Leave nothing behind, whatever happened."""
        for worker in self._workers:
            worker.close()

    async def _hire(self, number: int, life: int, highest: int) -> _Worker:
        complaints = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the worker
        reader, output, end = await _pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", _MODULE, stdin=PIPE, stdout=end, stderr=complaints
            )
        finally:
            os.close(end)
        worker = _Worker(number, process, complaints, output, asyncio.Event(), highest=highest, life=life)
        worker.listening = asyncio.create_task(self._hear(worker, reader))
        # What the predecessor had under way lies within so many numbers of the last one that was acknowledged.
        start = max(0, highest + 1 - 2 * self._plan.callers)
        if process.stdin:
            process.stdin.write(Orders.of(self._plan, number, life, start).write())
        return worker

    async def _hear(self, worker: _Worker, reader: asyncio.StreamReader) -> None:
        while (line := await reader.readline()).endswith(b"\n"):
            message = read(line)
            if isinstance(message, Ready):
                worker.ready.set()
            elif isinstance(message, Acknowledged):
                worker.highest = max(worker.highest, message.number)
            self._listen(message)

    async def _wait_until_ready(self, worker: _Worker) -> None:
        signs = [asyncio.create_task(worker.process.wait()), asyncio.create_task(worker.ready.wait())]
        await asyncio.wait(signs, timeout=_OPENING_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        for sign in signs:
            sign.cancel()
        if not worker.ready.is_set():
            raise Unavailable(f"a worker could not open the log: {worker.tail()}")

    async def _bury(self, worker: _Worker) -> None:
        """Wait for the end of a worker and of what it said. Every whole line that it wrote still counts."""
        await worker.process.wait()
        if worker.listening:
            await worker.listening


async def _pipe() -> tuple[asyncio.StreamReader, asyncio.ReadTransport, int]:
    """A pipe: its end to read from, and its end for the worker. Large, because a worker waits while it is full."""
    output, end = os.pipe()
    fcntl.fcntl(end, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(output, "rb", 0)
    )
    return reader, transport, end


def _end_of(worker: _Worker) -> str:
    return f"worker {worker.number} ended with {worker.process.returncode}: {worker.tail()}"
