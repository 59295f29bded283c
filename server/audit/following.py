"""Following the log: decisions in the order of the log, from any place, and then as they come.

A follower asks for the next piece when it has handed on the last one: it holds no snapshot, no queue and no lock in
between, so that a slow reader costs nothing. New entries are looked for every `_PAUSE` seconds: they may have been
recorded by another process, which nobody tells us of.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeAlias

from sqlalchemy import Connection, bindparam

from server.audit.entry import Recorded
from server.audit.head import read_head
from server.audit.matching import Filter, matches
from server.audit.rows import read_recorded, select_recorded
from server.audit.tables import entries

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


async def follow(read: Read, tenant: str, wanted: Filter, after: int) -> AsyncIterator[Recorded]:
    """Decisions of `tenant` that `wanted` asks for, above the index `after`; without end. read: runs a query."""
    while True:
        found, reached = await read(next_piece, tenant, wanted, after)
        for recorded in found:
            yield recorded
        if reached == after:
            await asyncio.sleep(_PAUSE)
        after = reached


def next_piece(connection: Connection, tenant: str, wanted: Filter, after: int) -> tuple[tuple[Recorded, ...], int]:
    """What the next entries above `after` hold, and the index up to which they were looked through."""
    until = min(after + _STEP, read_head(connection).size - 1)
    if until <= after:
        return (), after
    rows = connection.execute(_PIECE, {"after": after, "until": until, "of": tenant}).all()
    return tuple(each for each in read_recorded(connection, rows) if matches(each, tenant, wanted)), until
