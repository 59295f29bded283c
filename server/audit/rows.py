"""Reading rows of the log's tables as values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Row, Select, or_, select

from server.audit.entry import Recorded, from_microseconds
from server.audit.tables import entries, tiles
from server.audit.tree import TileKey, root_at


def select_recorded() -> Select[Any]:
    """The columns that `recorded_from` needs."""
    return select(
        entries.c.log_index,
        entries.c.decision_id,
        entries.c.kind,
        entries.c.tenant,
        entries.c.request_id,
        entries.c.request_digest,
        entries.c.recorded_at,
        entries.c.leaf,
    )


def recorded_from(row: Row[Any]) -> Recorded:
    """A row of `select_recorded`, as an entry that was recorded earlier."""
    return Recorded(
        index=row.log_index,
        decision_id=row.decision_id,
        kind=row.kind,
        tenant=row.tenant,
        request_id=row.request_id,
        request_digest=row.request_digest,
        recorded_at=from_microseconds(row.recorded_at),
        leaf=row.leaf,
        fresh=False,
    )


def read_tiles(connection: Connection, keys: Iterable[TileKey]) -> dict[TileKey, bytes]:
    """The stored tiles among `keys`; what is missing is missing in the answer."""
    numbers: dict[int, list[int]] = {}
    for level, number in keys:
        numbers.setdefault(level, []).append(number)
    if not numbers:
        return {}
    # Not (level, number) IN (…): SQLite would look through the whole table for it.
    wanted = [(tiles.c.level == level) & tiles.c.number.in_(found) for level, found in numbers.items()]
    statement = select(tiles).where(or_(*wanted))
    return {(row.level, row.number): row.hashes for row in connection.execute(statement)}


def extends(connection: Connection, stored: int, size: int, root: bytes) -> bool:
    """Whether the log, of `stored` entries, starts with the tree of `size` entries under `root`."""

    def read(key: TileKey) -> bytes:
        return read_tiles(connection, [key])[key]

    try:
        return size <= stored and root_at(read, size) == root
    except (KeyError, IndexError):  # tiles are missing
        return False
