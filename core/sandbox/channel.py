"""The parent's end of a worker's socket, for asyncio, and copying that does not hold up the loop.

Knows messages and descriptors, and does not know what they mean.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from core.sandbox import wire

P = ParamSpec("P")
T = TypeVar("T")

_THREAD_ABOVE = 1 << 20  # bytes; copying less takes less time than handing it to a thread


class Channel:
    """A socket to a worker. Every call raises EOFError once the worker closed its end."""

    def __init__(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        self._socket = connection

    async def send(self, message: wire.Message, *descriptors: int) -> None:
        """Sends a message; the descriptors travel with its first bytes. Raises ParserFailed to one who never reads."""
        data = wire.encode(message)
        try:
            # The worker reads the header alone, so the descriptors MUST come with it. A sound worker has read all
            # that was sent before it waits for more, so the socket's buffer is empty and this does not block.
            socket.send_fds(self._socket, [data[: wire.HEADER.size]], descriptors)
            await asyncio.get_running_loop().sock_sendall(self._socket, data[wire.HEADER.size :])
        except BlockingIOError as error:
            raise wire.malformed("it asks and does not listen") from error
        except ConnectionError as error:
            raise EOFError from error

    async def receive(self) -> wire.Message:
        """The next message. Raises ParserFailed where it is malformed."""
        head, body = wire.sizes(await self._exactly(wire.HEADER.size))
        return wire.decode(await self._exactly(head), await self._exactly(body))

    def close(self) -> None:
        """Closes this end, which tells the worker to stop."""
        self._socket.close()

    async def _exactly(self, size: int) -> bytes:
        loop = asyncio.get_running_loop()
        data = bytearray(size)
        view, at = memoryview(data), 0
        try:
            while at < size:
                count = await loop.sock_recv_into(self._socket, view[at:])
                if count == 0:
                    raise EOFError
                at += count
        except ConnectionError as error:
            raise EOFError from error
        return bytes(data)


async def heavy(size: int, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Calls a function whose time grows with `size` bytes, in a thread where that would hold up the loop.

    Cancelled, it still waits for the thread: the caller is about to close the descriptor that the thread uses.
    """
    if size < _THREAD_ABOVE:
        return function(*args, **kwargs)
    thread = asyncio.ensure_future(asyncio.to_thread(function, *args, **kwargs))
    cancelled: asyncio.CancelledError | None = None
    while not thread.done():
        try:
            await asyncio.wait([thread])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        thread.exception()  # looked at, so that asyncio does not report it as lost
        raise cancelled
    return thread.result()
