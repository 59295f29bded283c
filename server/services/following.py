"""Following the log: streams that last, give signs of life, and end when the server does.

    log ── entries as they come ──> watch ── an entry, or None where nothing came for a while ──> the caller

Nothing is queued in between: the next entry is asked for when the last one was taken, so that a slow reader holds one
entry, and nobody else up. Knows no protobuf.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TypeVar

from core.errors import Unavailable
from server.admission import Seats

QUIET = 15.0
"""Seconds without news after which a stream gives a sign of life."""
STREAMS = 64
"""Streams at a time: each is a place less for calls that decide."""
STREAMS_OF_ONE = 8
"""Of them for one tenant."""

T = TypeVar("T")


class Followers:
    """All streams that follow the log. Made within a running event loop."""

    def __init__(self, seats: Seats | None = None, quiet: float = QUIET) -> None:
        self._seats = seats or Seats(STREAMS, STREAMS_OF_ONE)
        self._quiet = quiet
        self._stopping = asyncio.get_running_loop().create_future()

    def close(self) -> None:
        """Ends every stream with Unavailable, and those that still begin: a stopping server would wait for them."""
        if not self._stopping.done():
            self._stopping.set_result(None)

    async def watch(self, tenant: str, found: AsyncIterator[T]) -> AsyncIterator[T | None]:
        """What is found, as it comes; None at once, and whenever nothing came for a while.

        Raises what `Seats.take` and `found` raise, and Unavailable when the server stops.
        """
        with self._seats.take(tenant):
            yield None
            while True:
                coming = asyncio.ensure_future(anext(found, None))
                try:
                    while not await self._came(coming):
                        yield None
                    entry = coming.result()
                finally:
                    coming.cancel()
                if entry is None:
                    return
                yield entry

    async def _came(self, coming: asyncio.Future[T | None]) -> bool:
        """Whether it came before the silence grew too long. The wait does not disturb what is waited for."""
        first = asyncio.FIRST_COMPLETED
        await asyncio.wait({coming, self._stopping}, timeout=self._quiet, return_when=first)
        if self._stopping.done():
            raise Unavailable("the server stops; go on from the latest index", retry_after=1.0)
        return coming.done()
