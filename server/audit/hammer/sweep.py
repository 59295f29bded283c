"""Every entry of the log, in its order, against every entry that was acknowledged: again and again, and at the end."""

from __future__ import annotations

import asyncio
import hashlib
import time

from sqlalchemy import Connection, bindparam, select

from server.audit.hammer.checks import Inspection
from server.audit.hammer.content import TENANTS
from server.audit.hammer.lists import pages
from server.audit.hammer.places import DIGEST_BYTES
from server.audit.log import AuditLog
from server.audit.reading.matching import Filter
from server.audit.sql.tables import entries

_STEP = 1000
_REST = 5
_LISTED = 100_000
_PIECE = (
    select(entries.c.log_index, entries.c.leaf)
    .where(entries.c.log_index >= bindparam("start"), entries.c.log_index < bindparam("end"))
    .order_by(entries.c.log_index)
)


async def sweep_for_ever(inspection: Inspection) -> None:
    """Round after round, a piece at a time; rests most of the time, as the load is what it is about."""
    start = 0
    while True:
        began = time.perf_counter()
        start = await sweep_piece(inspection, start)
        await asyncio.sleep(_REST * (time.perf_counter() - began))


async def sweep(inspection: Inspection) -> None:
    """One whole round. Nobody appends meanwhile, or what comes in last may be missed."""
    start = await sweep_piece(inspection, 0)
    while start:
        start = await sweep_piece(inspection, start)


async def sweep_piece(inspection: Inspection, start: int) -> int:
    """Hold some entries from `start` on against the ledger; where the next piece begins, 0 after the last one."""
    # Taken first: what is acknowledged by now MUST be there, whatever comes while we read.
    known = {index: inspection.ledger.places.digest(index) for index in range(start, start + _STEP)}
    found = await asyncio.to_thread(_digests, inspection.log, start)
    wrong = [index for index, digest in known.items() if digest is not None and found.get(index) != digest]
    inspection.findings.checks["leaf in place"] += sum(digest is not None for digest in known.values())
    for index in wrong:
        what = "is lost" if index not in found else "has other bytes"
        inspection.findings.broken("leaf in place", f"the entry acknowledged at {index} {what}")
    return start + _STEP if len(found) == _STEP else 0


async def check_whole_lists(inspection: Inspection) -> None:
    """Each tenant's list from its newest decision back, against every decision that was acknowledged."""
    for tenant in TENANTS:
        listed = {each.index for each in await pages(inspection, tenant, Filter(), _LISTED)}
        # Of a longer log, the list was read down to its oldest entry here; times may have stepped back before that.
        known = inspection.ledger.places.all(tenant, "decision")
        missing = known - listed if len(listed) < _LISTED else {each for each in known if each > max(listed)}
        detail = f"{len(missing)} decisions of {tenant}, {sorted(missing)[:5]} among them"
        inspection.findings.check("whole list", not missing, detail)


def _digests(log: AuditLog, start: int) -> dict[int, bytes]:
    with log.reading() as connection:
        return _read(connection, start)


def _read(connection: Connection, start: int) -> dict[int, bytes]:
    rows = connection.execute(_PIECE, {"start": start, "end": start + _STEP})
    return {row.log_index: hashlib.sha256(row.leaf).digest()[:DIGEST_BYTES] for row in rows}
