"""What a store can do, with nothing of the log around it but the driver's calls.

bare: one table of a number and a kilobyte. same_rows: every row that the log wrote, into the same tables with the same
keys, in batches of the size that the log reached, with the changed tile and the head: whatever the log does, it cannot
be faster than this loop.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Integer, LargeBinary, MetaData, Table, select, update

from server.audit.sql.statements import bulk_insert
from server.audit.sql.tables import entries, log_head, postings, private, tiles
from server.audit.tree.merkle import WIDTH
from tests.bench.audit.stores import Place, engine_of

_HASH = 32
_NUMBER = BigInteger().with_variant(Integer(), "sqlite")
_BARE = Table("bare", MetaData(), Column("number", _NUMBER, primary_key=True), Column("data", LargeBinary))
_WRITTEN = (entries, postings, private)


@dataclass(frozen=True, slots=True)
class Batch:
    """What the log wrote for some entries. rows: of each of `_WRITTEN`."""

    count: int
    rows: tuple[list[tuple[Any, ...]], ...]
    tiles: list[tuple[int, int, bytes]]


def bare(place: Place, batch: int, seconds: float) -> float:
    """Rows a second into one table, `batch` in a commit."""
    data = b"x" * 1000
    with place.log() as url, engine_of(url) as engine:
        with engine.begin() as connection:
            _BARE.create(connection)

        def write(connection: Connection, done: int) -> int:
            return bulk_insert(connection, _BARE, [(done + number, data) for number in range(batch)])

        return _rate(engine.begin, write, seconds)


def same_rows(place: Place, batches: Sequence[Batch], seconds: float) -> float:
    """Rows of `entries` a second, with all that belongs to them. Ends early when there are no more batches."""
    waiting = iter(batches)
    with place.log() as url, engine_of(url) as engine:
        with engine.begin() as connection:
            connection.execute(log_head.insert(), {"id": 1, "size": 0, "root": bytes(32), "checkpoint": ""})

        def write(connection: Connection, done: int) -> int:
            batch = next(waiting, None)
            if batch is None:
                return 0
            for table, rows in zip(_WRITTEN, batch.rows, strict=True):
                bulk_insert(connection, table, rows)
            bulk_insert(connection, tiles, batch.tiles, replace=tiles.c.hashes)
            head = {"size": done + batch.count, "root": bytes(32), "checkpoint": "x" * 200}
            connection.execute(update(log_head).values(**head))
            return batch.count

        return _rate(engine.begin, write, seconds)


def written(url: str, size: int, most: int) -> list[Batch]:
    """What the log at `url` wrote for its first `most` entries, in batches of `size`."""
    with engine_of(url) as engine, engine.connect() as connection:
        found = [_by_index(connection, table, most) for table in _WRITTEN]
        leaves = connection.execute(select(tiles).where(tiles.c.level == 0).order_by(tiles.c.number)).all()
    hashes = b"".join(row.hashes for row in leaves)
    total = min(most, len(found[0]))
    starts = range(0, total, size)
    return [_batch(found, hashes, start, min(start + size, total)) for start in starts]


def _batch(found: list[dict[int, list[tuple[Any, ...]]]], hashes: bytes, start: int, end: int) -> Batch:
    rows = tuple([row for index in range(start, end) for row in table.get(index, ())] for table in found)
    numbers = range(start // WIDTH, (end - 1) // WIDTH + 1)
    changed = [
        (0, number, hashes[number * WIDTH * _HASH : min(end, (number + 1) * WIDTH) * _HASH]) for number in numbers
    ]
    return Batch(end - start, rows, changed)


def _by_index(connection: Connection, table: Table, most: int) -> dict[int, list[tuple[Any, ...]]]:
    found: dict[int, list[tuple[Any, ...]]] = {}
    place = list(table.columns).index(table.c.log_index)
    for row in connection.execute(select(table).where(table.c.log_index < most)):
        found.setdefault(row[place], []).append(tuple(row))
    return found


def _rate(begin: Callable[[], Any], write: Callable[[Connection, int], int], seconds: float) -> float:
    """Rows a second. write: writes one batch after so many rows, and says how many; 0 ends it."""
    done, started = 0, time.perf_counter()
    while time.perf_counter() - started < seconds:
        with begin() as connection:
            count = write(connection, done)
        if not count:
            break
        done += count
    return done / (time.perf_counter() - started)
