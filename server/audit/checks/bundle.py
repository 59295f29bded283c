"""The log in pieces of 256 entries: one tile's worth of rows from every table, read together.

A row that the store cannot read is a finding, not the end: the rest of its piece is read one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Table, select
from sqlalchemy.exc import SQLAlchemyError

from server.audit.checks.report import Findings
from server.audit.tables import decisions, detections, entries, open_intents

# What reading a damaged row may raise: the driver's errors, and those of decoding its values.
UNREADABLE = (SQLAlchemyError, ValueError, TypeError)


@dataclass(frozen=True, slots=True)
class Bundle:
    """Rows of the entries from `start` to before `stop`, by index; detections as lists."""

    start: int
    stop: int
    entries: Mapping[int, Row[Any]]
    decisions: Mapping[int, Row[Any]]
    open_intents: Mapping[int, Row[Any]]
    detections: Mapping[int, list[Row[Any]]]


def read_bundle(connection: Connection, start: int, stop: int, findings: Findings) -> Bundle:
    """The rows of one piece."""

    def rows(table: Table) -> list[Row[Any]]:
        return _read(connection, table, start, stop, findings)

    grouped: dict[int, list[Row[Any]]] = {}
    for row in rows(detections):
        grouped.setdefault(row.log_index, []).append(row)
    log = _by_index(rows(entries))
    # SQLite keeps whatever type is put into a column.
    for index in [index for index, row in log.items() if not isinstance(row.leaf, bytes)]:
        findings.add("leaf", index, "the leaf is not binary")
        del log[index]
    return Bundle(start, stop, log, _by_index(rows(decisions)), _by_index(rows(open_intents)), grouped)


def guarded(findings: Findings, what: str, work: Callable[[], None]) -> None:
    """Run one check; that the store cannot answer it is a finding."""
    try:
        work()
    except UNREADABLE as error:
        findings.add("store", None, f"{what} cannot be read: {_first_line(error)}")


def _by_index(rows: Sequence[Row[Any]]) -> dict[int, Row[Any]]:
    return {row.log_index: row for row in rows}


def _read(connection: Connection, table: Table, start: int, stop: int, findings: Findings) -> list[Row[Any]]:
    statement = select(table).order_by(table.c.log_index)
    try:
        return list(connection.execute(statement.where(table.c.log_index >= start, table.c.log_index < stop)))
    except UNREADABLE:
        found: list[Row[Any]] = []
        for index in range(start, stop):
            try:
                found.extend(connection.execute(statement.where(table.c.log_index == index)))
            except UNREADABLE as error:
                findings.add("row", index, f"{table.name} cannot be read: {_first_line(error)}")
        return found


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
