"""Which rows are past a cutoff, and deleting them, a few at a time. Knows no rules and no clock.

Times nearly grow with indexes, so that a look at the entries between two indexes finds what became due since the last
one; a look from 0 to the end finds also what was recorded by a clock that stood wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Connection, Row, Select, Table, func, literal, select, tuple_

from server.audit.operations.retain import EVIDENCE
from server.audit.privacy.plaintext import Plaintext, delete_evidence, delete_fields
from server.audit.sql.rows import disclosures_of
from server.audit.sql.tables import entries, evidence, private

_STEP = 500


class Log(Protocol):
    """What expiry needs of `AuditLog`."""

    def reading(self) -> AbstractContextManager[Connection]:
        """A snapshot."""
        ...

    def writing(self) -> AbstractContextManager[Connection]:
        """A transaction that holds the head's lock."""
        ...


@dataclass(frozen=True, slots=True)
class Past:
    """Rows of one kind past a cutoff. what: "evidence" or "private". cutoff: microseconds; what was recorded before
    it. low, high: only entries with low <= log_index < high.
    """

    what: str
    cutoff: int
    low: int
    high: int

    @property
    def table(self) -> Table:
        """Where the rows are."""
        return evidence if self.what == EVIDENCE else private

    def of(self, *columns: ColumnElement[Any], tenants: ColumnElement[bool]) -> Select[Any]:
        """The rows of some tenants. The records of retention themselves are no person's, and stay."""
        at = self.table.c.log_index
        return (
            select(*columns)
            .select_from(self.table.join(entries, entries.c.log_index == at))
            .where(tenants, at >= self.low, at < self.high)
            .where(entries.c.recorded_at < self.cutoff, entries.c.kind != "retention")
        )


def first_since(connection: Connection, moment: int) -> int:
    """The first index whose entry was recorded at or after `moment`, if times grow with indexes; by bisection."""
    low, high = 0, (connection.execute(select(func.max(entries.c.log_index))).scalar_one() or 0) + 1
    while low < high:
        middle = (low + high) // 2
        at = connection.execute(select(entries.c.recorded_at).where(entries.c.log_index == middle)).scalar_one_or_none()
        if at is not None and at < moment:
            low = middle + 1
        else:
            high = middle
    return low


def tenants_due(connection: Connection, past: Past, tenants: Callable[[Table], ColumnElement[bool]]) -> list[str]:
    """Those of `tenants` that have such rows."""
    of = past.table.c.tenant
    return sorted(connection.scalars(past.of(of, tenants=tenants(past.table)).distinct()))


def delete_past(log: Log, past: Past, tenant: str) -> int:
    """Delete such rows of `tenant`; how many. MUST NOT be called before the log says that they may go.

    What to delete is read beside the appends; only the deletions themselves hold them up.
    """
    count = 0
    delete = _delete_blobs if past.what == EVIDENCE else _delete_fields
    for rows in _steps(log, past, tenant):
        with log.writing() as connection:
            delete(connection, rows)
        count += len(rows)
    return count


def _steps(log: Log, past: Past, tenant: str) -> Iterator[list[Row[Any]]]:
    """Pieces in the order of a key of the table, so that all of them together look at each row once."""
    key: tuple[ColumnElement[Any], ...] = (private.c.log_index,)
    columns = [*key, private.c.tenant, entries.c.recorded_at, private.c.fields]
    if past.what == EVIDENCE:
        key = (evidence.c.digest, evidence.c.log_index)
        columns = [*key, evidence.c.tenant]
    statement = past.of(*columns, tenants=past.table.c.tenant == tenant).order_by(*key).limit(_STEP)
    rows = _read(log, statement)
    while rows:
        yield rows
        after = tuple_(*key) > tuple_(*(literal(value) for value in rows[-1][: len(key)]))
        rows = _read(log, statement.where(after))


def _read(log: Log, statement: Select[Any]) -> list[Row[Any]]:
    with log.reading() as connection:
        return list(connection.execute(statement))


def _delete_blobs(connection: Connection, rows: list[Row[Any]]) -> None:
    delete_evidence(connection, ((row.tenant, row.digest, row.log_index) for row in rows))


def _delete_fields(connection: Connection, rows: list[Row[Any]]) -> None:
    parts = []
    for row in rows:
        disclosed = disclosures_of(row.log_index, row.fields)
        parts.append(Plaintext(row.log_index, row.tenant, row.recorded_at, disclosed, disclosed))
    delete_fields(connection, parts)
