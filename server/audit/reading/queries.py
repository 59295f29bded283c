"""Reads of single entries and of what belongs to them. Every one names the tenant, but for the operator's report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, select

from core.errors import NotFound
from server.audit.entries.entry import Blob, Recorded
from server.audit.entries.leaf import to_microseconds
from server.audit.sql.rows import read_recorded, select_recorded
from server.audit.sql.tables import entries, events, open_intents
from server.audit.sql.tables import evidence as blobs
from server.audit.sql.terms import request_key

# Built once: putting a statement together costs SQLAlchemy more than running it.
_OF_REQUEST = select_recorded().where(entries.c.request_key == bindparam("key"))
_OF_ID = select_recorded().where(entries.c.tenant == bindparam("of"), entries.c.decision_id == bindparam("id"))
_EVENTS = (
    select_recorded()
    .join(events, events.c.log_index == entries.c.log_index)
    .where(events.c.decision_index == bindparam("decision"))
    .order_by(entries.c.log_index)
)
_EVIDENCE = (
    select(blobs.c.digest, blobs.c.mime, blobs.c.data)
    .where(blobs.c.tenant == bindparam("of"), blobs.c.digest == bindparam("digest"))
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class History:
    """A decision with its reviews and appeals, in the order of the log."""

    decision: Recorded
    events: tuple[Recorded, ...]


def find(connection: Connection, tenant: str, request_id: str, kind: str) -> Recorded | None:
    """The entry of a request, if it was recorded."""
    rows = connection.execute(_OF_REQUEST, {"key": request_key(tenant, request_id, kind)}).all()
    found = [each for each in read_recorded(connection, rows) if each.tenant == tenant]
    return found[0] if found else None


def get(connection: Connection, tenant: str, decision_id: str) -> Recorded:
    """One entry; NotFound if there is none, or it is another tenant's: the two answers are the same on purpose."""
    # No id holds U+0000, and PostgreSQL takes no text that does: the whole transaction would fail with it.
    rows = [] if "\x00" in decision_id else connection.execute(_OF_ID, {"of": tenant, "id": decision_id}).all()
    if not rows:
        raise NotFound(f"there is no decision {decision_id!r}")
    return read_recorded(connection, rows)[0]


def history(connection: Connection, tenant: str, decision_id: str) -> History:
    """A decision and what refers to it; NotFound as `get`, and for an entry that is no decision."""
    decision = get(connection, tenant, decision_id)
    if decision.kind != "decision":
        raise NotFound(f"there is no decision {decision_id!r}")
    found = connection.execute(_EVENTS, {"decision": decision.index}).all()
    return History(decision, tuple(read_recorded(connection, found)))


def evidence_of(connection: Connection, tenant: str, digest: str) -> Blob | None:
    """A blob of `tenant`."""
    row = connection.execute(_EVIDENCE, {"of": tenant, "digest": digest}).one_or_none()
    return None if row is None else Blob(row.digest, row.mime, row.data)


def orphaned_intents(
    connection: Connection, before: datetime, limit: int, tenant: str | None = None
) -> tuple[Recorded, ...]:
    """Up to `limit` open intents recorded before `before`, oldest first; of every tenant where none is named."""
    statement = (
        select_recorded()
        .join(open_intents, open_intents.c.log_index == entries.c.log_index)
        .where(open_intents.c.recorded_at < to_microseconds(before))
        .order_by(open_intents.c.log_index)
        .limit(limit)
    )
    if tenant is not None:
        statement = statement.where(open_intents.c.tenant == tenant)
    return tuple(read_recorded(connection, connection.execute(statement).all()))
