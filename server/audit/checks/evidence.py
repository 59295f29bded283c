"""Each stored blob against its digest, and against the leaf of the entry that it came with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import Connection, select, tuple_

from core.media import digest_of
from countersign.verify.errors import VerificationError
from server.audit.checks.bundle import UNREADABLE
from server.audit.checks.leaf import Leaf
from server.audit.checks.report import Findings
from server.audit.tables import entries, evidence

_STEP = 500


class _Key(NamedTuple):
    tenant: str
    digest: str
    mime: str
    first_index: int


def check_evidence(connection: Connection, findings: Findings) -> None:
    """Every blob, one in memory at a time."""
    for row in _keys(connection):
        of_this = (evidence.c.tenant == row.tenant) & (evidence.c.digest == row.digest)
        try:
            data = connection.execute(select(evidence.c.data).where(of_this)).scalar_one()
            if digest_of(data) != row.digest:
                findings.add("evidence", row.first_index, f"evidence {row.digest} has another digest")
        except UNREADABLE:
            findings.add("evidence", row.first_index, f"evidence {row.digest} cannot be read")
        if not _is_named(connection, row):
            detail = f"evidence {row.digest} is not what the entry that it came with names"
            findings.add("evidence", row.first_index, detail)


def _keys(connection: Connection) -> Iterator[_Key]:
    """All rows but for their data, in the order of the key."""
    key = tuple_(evidence.c.tenant, evidence.c.digest)
    columns = (evidence.c.tenant, evidence.c.digest, evidence.c.mime, evidence.c.first_index)
    statement = select(*columns).order_by(evidence.c.tenant, evidence.c.digest).limit(_STEP)
    rows = connection.execute(statement).all()
    while rows:
        yield from (_Key(*row) for row in rows)
        last = tuple_(rows[-1].tenant, rows[-1].digest)
        rows = connection.execute(statement.where(key > last)).all()


def _is_named(connection: Connection, row: _Key) -> bool:
    leaf = connection.execute(select(entries.c.leaf).where(entries.c.log_index == row.first_index)).scalar_one_or_none()
    if leaf is None:
        return False
    try:
        entry = Leaf.parse(leaf)
    except VerificationError:
        return False
    return entry.tenant == row.tenant and (row.digest, row.mime) in entry.evidence
