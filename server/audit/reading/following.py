"""Following the log: decisions in the order of the log, from any place, and then as they come.

A follower asks for the next piece when it has handed on the last one: it holds no snapshot, no queue and no lock in
between, so that a slow reader costs nothing. New entries are looked for every `_PAUSE` seconds, once for all followers
of a process: they may have been recorded by another process, which nobody tells us of.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeAlias

from sqlalchemy import Connection, bindparam

from server.audit.entries.entry import Recorded
from server.audit.reading.matching import Filter, matches
from server.audit.sql.rows import read_recorded, select_recorded
from server.audit.sql.tables import entries
from server.audit.tree.head import read_head

Read: TypeAlias = Callable[..., Awaitable[tuple[tuple[Recorded, ...], int]]]

_PAUSE = 0.1
_STEP = 500
# A range of indexes, not a number of hits: another tenant's million entries must not become one long query.
_PIECE = (
    select_recorded()
    .where(entries.c.log_index > bindparam("after"), entries.c.log_index <= bindparam("until"))
    .where(entries.c.tenant == bindparam("of"), entries.c.kind == "decision")
    .order_by(entries.c.log_index)
)


class Growth:
    """Waits for the log to grow; however many wait, one question is asked. size: how many entries there are."""

    def __init__(self, size: Callable[[], Awaitable[int]]) -> None:
        self._size = size
        self._asked: asyncio.Task[int] | None = None

    async def beyond(self, index: int) -> None:
        """Return when there is an entry above `index`. Raises what `size` raises."""
        while await self._next_size() <= index + 1:
            pass

    async def _next_size(self) -> int:
        if self._asked is None or self._asked.done():
            self._asked = asyncio.create_task(self._ask())
            # Nobody may be left to hear of its failure; who comes next asks again.
            self._asked.add_done_callback(lambda asked: asked.cancelled() or asked.exception())
        # A follower that leaves does not take the question away from the others.
        return await asyncio.shield(self._asked)

    async def _ask(self) -> int:
        await asyncio.sleep(_PAUSE)
        return await self._size()


async def follow(read: Read, growth: Growth, tenant: str, wanted: Filter, after: int) -> AsyncIterator[Recorded]:
    """Decisions of `tenant` that `wanted` asks for, above the index `after`; without end. read: runs a query."""
    while True:
        found, reached = await read(next_piece, tenant, wanted, after)
        for recorded in found:
            yield recorded
        if reached == after:
            await growth.beyond(reached)
        after = reached


def next_piece(connection: Connection, tenant: str, wanted: Filter, after: int) -> tuple[tuple[Recorded, ...], int]:
    """What the next entries above `after` hold, and the index up to which they were looked through."""
    until = min(after + _STEP, read_head(connection).size - 1)
    if until <= after:
        return (), after
    rows = connection.execute(_PIECE, {"after": after, "until": until, "of": tenant}).all()
    return tuple(each for each in read_recorded(connection, rows) if matches(each, tenant, wanted)), until
