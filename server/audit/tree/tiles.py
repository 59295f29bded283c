"""The tiles of the tree, as rows. Arithmetic over them is `merkle`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, or_, select

from server.audit.sql.statements import bulk_insert
from server.audit.sql.tables import tiles
from server.audit.tree.merkle import TileKey, root_at


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


def write_tiles(connection: Connection, changed: Mapping[TileKey, bytes]) -> None:
    """Store tiles; the partial ones replace what was there."""
    rows = [(level, number, hashes) for (level, number), hashes in changed.items()]
    bulk_insert(connection, tiles, rows, replace=tiles.c.hashes)
