"""Reads of single entries and of what belongs to them. Every one names the tenant, but for the operator's report."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, select

from core.errors import NotFound
from server.audit.entry import Blob, Recorded, to_microseconds
from server.audit.rows import recorded_from, select_recorded
from server.audit.tables import entries, open_intents
from server.audit.tables import evidence as blobs

# Built once: putting a statement together costs SQLAlchemy more than running it.
_OF_TENANT = select_recorded().where(entries.c.tenant == bindparam("of"))
_OF_REQUEST = _OF_TENANT.where(entries.c.request_id == bindparam("request"), entries.c.kind == bindparam("sort"))
_OF_ID = _OF_TENANT.where(entries.c.decision_id == bindparam("id"))


def find(connection: Connection, tenant: str, request_id: str, kind: str) -> Recorded | None:
    """The entry of a request, if it was recorded."""
    row = connection.execute(_OF_REQUEST, {"of": tenant, "request": request_id, "sort": kind}).one_or_none()
    return None if row is None else recorded_from(row)


def get(connection: Connection, tenant: str, decision_id: str) -> Recorded:
    """One entry; NotFound if there is none, or it is another tenant's: the two answers are the same on purpose."""
    row = connection.execute(_OF_ID, {"of": tenant, "id": decision_id}).one_or_none()
    if row is None:
        raise NotFound(f"there is no decision {decision_id!r}")
    return recorded_from(row)


def evidence_of(connection: Connection, tenant: str, digest: str) -> Blob | None:
    """A blob of `tenant`."""
    statement = select(blobs.c.digest, blobs.c.mime, blobs.c.data)
    row = connection.execute(statement.where(blobs.c.tenant == tenant, blobs.c.digest == digest)).one_or_none()
    return None if row is None else Blob(row.digest, row.mime, row.data)


def orphaned_intents(connection: Connection, before: datetime, limit: int) -> tuple[Recorded, ...]:
    """Up to `limit` open intents recorded before `before`, oldest first."""
    statement = (
        select_recorded()
        .join(open_intents, open_intents.c.log_index == entries.c.log_index)
        .where(open_intents.c.recorded_at < to_microseconds(before))
        .order_by(open_intents.c.log_index)
        .limit(limit)
    )
    return tuple(recorded_from(row) for row in connection.execute(statement))
