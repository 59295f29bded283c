"""How much work is let in at once, so that memory is bounded by settings and not by callers.

Compressed uploads may wait; decoded pictures may not, since a small file can hold a hundred megapixels. Whoever would
wait behind too many others is told at once to come back. Knows nothing of what the work is.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

from core.errors import LimitExceeded, Unavailable


class Room:
    """Places for work, and a bounded queue before the door. places: pieces of work inside. max_waiting: at the door."""

    def __init__(self, places: int, max_waiting: int) -> None:
        self._door = asyncio.Semaphore(places)
        self._max_waiting = max_waiting
        self._waiting = 0

    @asynccontextmanager
    async def enter(self) -> AsyncIterator[None]:
        """Takes a place, waiting for one in the order of arrival. Raises Unavailable where too many wait."""
        if self._door.locked() and self._waiting >= self._max_waiting:
            raise Unavailable(f"{self._max_waiting} requests wait already", retry_after=1.0)
        self._waiting += 1
        try:
            await self._door.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._door.release()


class ByteBudget:
    """Bytes of uploads that the server holds at once. max_bytes: of all callers together."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._held = 0

    @contextmanager
    def hold(self, size: int = 0) -> Iterator[Callable[[int], None]]:
        """Counts `size` bytes while the block runs, and those that it adds by the function it gets.

        Both raise Unavailable where that would be too many.
        """
        held = 0

        def add(size: int) -> None:
            nonlocal held
            if self._held + size > self._max_bytes:
                raise Unavailable(f"uploads of {self._held} bytes are being worked on already", retry_after=2.0)
            self._held += size
            held += size

        try:
            add(size)
            yield add
        finally:
            self._held -= held


class Seats:
    """Places for calls that may stay for long. Nobody waits for one, and no tenant can take them all.

    total: of all tenants together. each: of one tenant.
    """

    def __init__(self, total: int, each: int) -> None:
        self._total = total
        self._each = each
        self._taken: Counter[str] = Counter()

    @contextmanager
    def take(self, tenant: str) -> Iterator[None]:
        """A place while the block runs. Raises LimitExceeded where the tenant has all of its own, Unavailable where
        others have the rest.
        """
        mine = self._taken[tenant]
        if mine >= self._each:
            message = f"{mine} calls of this kind run already"
            raise LimitExceeded(message, field="calls", limit=f"{self._each} at a time", found=str(mine + 1))
        if self._taken.total() >= self._total:
            raise Unavailable("too many calls of this kind run already", retry_after=5.0)
        self._taken[tenant] += 1
        try:
            yield
        finally:
            self._taken[tenant] -= 1
            if not self._taken[tenant]:
                del self._taken[tenant]
