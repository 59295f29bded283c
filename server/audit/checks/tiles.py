"""Reading tiles that may be damaged."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from countersign.verify.checkpoint import Checkpoint
from server.audit.checks.raw import UNREADABLE, raw
from server.audit.checks.report import Findings
from server.audit.sql.tables import tiles
from server.audit.tree.merkle import TileKey, root_at


def read_tiles(connection: Connection, keys: Sequence[TileKey], findings: Findings) -> dict[TileKey, bytes]:
    """The stored tiles among `keys`, as far as they are some."""
    found: dict[TileKey, bytes] = {}
    for key in keys:
        try:
            hashes = _read(connection, key)
        except UNREADABLE:
            findings.add("tile", None, f"tile {key[0]}/{key[1]} cannot be read")
            continue
        if hashes is not None:
            found[key] = hashes
    return found


def starts_with(connection: Connection, size: int, checkpoint: Checkpoint) -> bool:
    """Whether the log, of `size` entries, starts with the tree of `checkpoint`."""

    def read(key: TileKey) -> bytes:
        hashes = _read(connection, key)
        if hashes is None:
            raise KeyError(key)
        return hashes

    try:
        return checkpoint.size <= size and root_at(read, checkpoint.size) == checkpoint.root
    except (KeyError, IndexError, *UNREADABLE):  # tiles are missing or damaged
        return False


def _read(connection: Connection, key: TileKey) -> bytes | None:
    statement = raw(tiles, "hashes").where(tiles.c.level == key[0], tiles.c.number == key[1])
    with connection.begin_nested():
        hashes = connection.execute(statement).scalar_one_or_none()
    return hashes if isinstance(hashes, bytes) else None
