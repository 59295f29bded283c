"""The erasures and retentions that account for what a decision lacks. Nothing is looked up where nothing is missing."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, select

from countersign.verify.case.fields import table
from server.audit.entries.entry import Recorded
from server.audit.entries.leaf import Leaf, format_time, to_microseconds
from server.audit.operations.retain import EVIDENCE, PRIVATE, permitted, retention_term
from server.audit.sql.rows import read_recorded, select_recorded
from server.audit.sql.tables import entries, erased, postings

_LOOKED_AT = 1000
"""Retention entries, newest first: the newest has the latest cutoff, unless a tenant's rule was changed."""
_ERASURES = (
    select_recorded()
    .where(
        entries.c.log_index.in_(
            select(erased.c.by_index).where(erased.c.log_index.in_(bindparam("of", expanding=True))).distinct()
        )
    )
    .order_by(entries.c.log_index)
)
_TOMBSTONES = select(erased.c.log_index).where(erased.c.by_index == bindparam("by")).order_by(erased.c.log_index)
_RETENTIONS = (
    select_recorded()
    .join(postings, postings.c.log_index == entries.c.log_index)
    .where(postings.c.term == bindparam("of"))
    .order_by(postings.c.recorded_at.desc(), postings.c.log_index.desc())
    .limit(_LOOKED_AT)
)


def removals_of(
    connection: Connection, tenant: str, own: Sequence[Recorded], without_evidence: Recorded | None
) -> tuple[Recorded, ...]:
    """In the order of the log: every erasure that took from `own`, and a retention for each entry that lacks something.

    own: entries of the case that may lack private fields. without_evidence: the decision, if it lacks evidence.
    """
    rows = connection.execute(_ERASURES, {"of": [each.index for each in own]}).all()
    found = {each.index: each for each in read_recorded(connection, rows) if each.tenant == tenant}
    lacking = [(PRIVATE, each) for each in own if _lacks_fields(each)]
    if without_evidence is not None:
        lacking.append((EVIDENCE, without_evidence))
    for what, entry in lacking:
        if (retention := _retention_of(connection, entry, what)) is not None:
            found[retention.index] = retention
    return tuple(found[index] for index in sorted(found))


def tombstones_of(connection: Connection, erasure: Recorded) -> list[int]:
    """The entries that an erasure took from."""
    return list(connection.scalars(_TOMBSTONES, {"by": erasure.index}))


def _lacks_fields(entry: Recorded) -> bool:
    return bool(table(json.loads(entry.leaf), "private").keys() - entry.private.keys())


def _retention_of(connection: Connection, entry: Recorded, what: str) -> Recorded | None:
    """A retention that permitted to delete `what` of `entry`."""
    recorded_at = format_time(to_microseconds(entry.recorded_at))
    rows = connection.execute(_RETENTIONS, {"of": retention_term(entry.tenant, what)}).all()
    for each in read_recorded(connection, rows):
        cutoff, kinds = permitted(Leaf.parse(each.leaf))
        if each.tenant == entry.tenant and each.index > entry.index and what in kinds and recorded_at < cutoff:
            return each
    return None
