"""What calls cost as the log grows: the same measurements of one log at one size after the other."""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from sqlalchemy import select

from countersign.verify.note import VerifierKey
from server.audit import AuditLog, Entry, Filter
from server.audit.entries.entry import Recorded
from server.audit.fsck import fsck
from server.audit.sql.tables import entries
from server.audit.tree.keys import load_or_create
from server.audit.writing.backlog import GroupLimits
from tests.bench.audit.source import ORIGIN, TENANT, decisions
from tests.bench.audit.stores import Place

_FILL = 2048
_BATCH = 256
_ROUNDS = 15
_CALLS = 200
_COLD_CALLS = 40
_PAGE = 50
_ROOMY = GroupLimits(batch=_FILL, waiting=2 * _FILL)


@dataclass(frozen=True)
class Costs:
    """Medians at one size. append: microseconds for one entry, 256 in a commit. receipt, list: of an entry and a page
    of 50 anywhere in the log, pages of the database in memory (warm) or on disk (cold); microseconds, milliseconds.
    fsck: seconds. bytes: on disk for one entry, indexes and tiles counted.
    """

    size: int
    append: float
    receipt: float
    receipt_cold: float
    listing: float
    listing_cold: float
    fsck: float
    bytes: float


async def grow(place: Place, keys: Path, sizes: Sequence[int], tell: Callable[[str], None]) -> list[Costs]:
    """Costs at each of `sizes`, ascending. tell: hears what is going on."""
    found = []
    source = decisions("growth")
    with place.log() as url:
        for size in sizes:
            tell(f"{place.name}: filling to {size:,}")
            await fill(url, keys, source, size)
            tell(f"{place.name}: measuring at {size:,}")
            found.append(await measure(place, url, keys, source))
    return found


async def fill(url: str, keys: Path, source: Iterator[Entry], size: int) -> None:
    """Append through the log up to `size`, in large batches."""
    async with opened(url, keys, _ROOMY) as log:
        missing = size - (await log.checkpoint()).size
        while missing > 0:
            batch = list(islice(source, min(_FILL, missing)))
            await asyncio.gather(*(log.append(entry) for entry in batch))
            missing -= len(batch)


async def measure(place: Place, url: str, keys: Path, source: Iterator[Entry]) -> Costs:
    """Every cost of the log as it is. Appends to it: by some thousand entries, the log is larger afterwards."""
    began = time.perf_counter()
    report = await asyncio.to_thread(fsck, url, str(VerifierKey(ORIGIN, load_or_create(keys, ORIGIN).public_key)))
    seconds = time.perf_counter() - began
    if not report.ok:
        raise RuntimeError(f"the log is damaged: {report.damages[:3]}")
    size, chance = report.size, random.Random(report.size)
    stored = place.size(url)
    async with opened(url, keys) as log:
        known = await sample(log, chance, size, _CALLS)
        receipt = await median(lambda each: log.receipt(TENANT, each.decision_id), known)
        listing = await median(lambda each: page(log, each), known)
        append = await cost_of_append(log, source)
    place.forget(url)
    async with opened(url, keys) as log:
        receipt_cold = await median(lambda each: log.receipt(TENANT, each.decision_id), known[:_COLD_CALLS])
    place.forget(url)
    async with opened(url, keys) as log:
        listing_cold = await median(lambda each: page(log, each), known[-_COLD_CALLS:])
    return Costs(
        size=size,
        append=append * 1e6,
        receipt=receipt * 1e6,
        receipt_cold=receipt_cold * 1e6,
        listing=listing * 1e3,
        listing_cold=listing_cold * 1e3,
        fsck=seconds,
        bytes=stored / size,
    )


async def cost_of_append(log: AuditLog, source: Iterator[Entry]) -> float:
    """Seconds for one entry, the median of some commits."""
    found = []
    for _ in range(_ROUNDS):
        batch = list(islice(source, _BATCH))
        began = time.perf_counter()
        await asyncio.gather(*(log.append(entry) for entry in batch))
        found.append((time.perf_counter() - began) / _BATCH)
    return statistics.median(found)


async def median(call: Callable[[Recorded], Awaitable[object]], known: Sequence[Recorded]) -> float:
    """Seconds of one call, the median of one for each of `known`."""
    found = []
    for each in known:
        began = time.perf_counter()
        await call(each)
        found.append(time.perf_counter() - began)
    return statistics.median(found)


async def page(log: AuditLog, recorded: Recorded) -> None:
    """A page of decisions from the moment of one of them back."""
    found = await log.list(TENANT, Filter(until=recorded.recorded_at), _PAGE)
    if recorded.index > 10 * _PAGE and len(found.items) != _PAGE:
        raise RuntimeError("a page is not full")


async def sample(log: AuditLog, chance: random.Random, size: int, count: int) -> list[Recorded]:
    """Entries from anywhere in the log."""
    indexes = [chance.randrange(size) for _ in range(count)]

    def ids() -> list[str]:
        with log.reading() as connection:
            statement = select(entries.c.decision_id).where(entries.c.log_index.in_(indexes))
            return list(connection.scalars(statement))

    found = [await log.get(TENANT, decision_id) for decision_id in await asyncio.to_thread(ids)]
    chance.shuffle(found)
    return found


@asynccontextmanager
async def opened(url: str, keys: Path, limits: GroupLimits | None = None) -> AsyncIterator[AuditLog]:
    """The log."""
    log = await AuditLog.open(url, load_or_create(keys, ORIGIN), ORIGIN, limits=limits or GroupLimits())
    try:
        yield log
    finally:
        await log.close()
