"""The other end of forwarding: takes work from other processes, and gives it to the writer of this one."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Self

from server.audit.forwarding.frames import frame_of, read_frame
from server.audit.forwarding.messages import malformed
from server.audit.forwarding.requests import answer, greet
from server.audit.forwarding.sockets import assert_same_user, listen
from server.audit.writing.writer import Writer

_LOG = logging.getLogger(__name__)


class Host:
    """A listening socket and its connections. Made by `open`, by the process that holds the writer's lock."""

    def __init__(self, writer: Writer, path: Path) -> None:
        self._writer = writer
        self._path = path
        self._server: asyncio.Server | None = None
        # Connections end when they are cancelled; work that was taken is finished and answered first.
        self._connections: set[asyncio.Task[None]] = set()
        self._work: set[asyncio.Task[None]] = set()

    @classmethod
    async def open(cls, writer: Writer, path: Path) -> Self:
        """A host that listens at `path`. OSError if it cannot."""
        host = cls(writer, path)
        host._server = await asyncio.start_unix_server(host._connected, sock=listen(path), limit=1 << 20)
        return host

    async def close(self) -> None:
        """Take nothing more, answer what was taken, and hang up. The writer MUST be closed after that, not before."""
        if self._server is not None:
            self._server.close()
        self._path.unlink(missing_ok=True)
        for connection in self._connections:
            connection.cancel()
        if self._connections:
            await asyncio.wait(self._connections)

    def _connected(self, reader: asyncio.StreamReader, stream: asyncio.StreamWriter) -> None:
        _keep(self._connections, self._serve(reader, stream))

    async def _serve(self, reader: asyncio.StreamReader, stream: asyncio.StreamWriter) -> None:
        work: set[asyncio.Task[None]] = set()
        try:
            assert_same_user(stream.get_extra_info("socket"))
            await greet(reader, stream)
            while True:
                _keep(work, self._answer(await read_frame(reader), stream))
        except OSError as error:
            _LOG.info("a process stopped forwarding to this one: %s", error)
        finally:
            if work:
                await asyncio.wait(work)
            stream.close()

    async def _answer(self, frame: Any, stream: asyncio.StreamWriter) -> None:
        """What one frame asked for is committed together as far as that goes, and answered in one frame."""
        try:
            with malformed():
                numbers, requests = zip(*frame, strict=True)
            answers = await asyncio.gather(*(answer(request, self._writer) for request in requests))
            stream.write(frame_of([*zip(numbers, answers, strict=True)]))
            await stream.drain()
        except (OSError, ValueError) as error:
            _LOG.warning("the answer to another process was not sent: %s", error)
            stream.close()


def _keep(tasks: set[asyncio.Task[None]], work: Coroutine[Any, Any, None]) -> None:
    """Run `work`, referred to until it is done: the loop alone does not keep a task alive."""
    task = asyncio.create_task(work)
    tasks.add(task)
    task.add_done_callback(tasks.discard)
