"""Reading what may be damaged: values as the driver has them, and faults as findings.

SQLite keeps whatever type is put into a column, so that the conversions of a typed query could themselves fail, or make
something sound out of what is not. Everything here selects without them; who reads MUST expect any type.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, Table, literal, literal_column, select, tuple_
from sqlalchemy.exc import SQLAlchemyError

from server.audit.checks.report import Findings

# What reading a damaged row may raise: the driver's errors, and those of decoding its values.
UNREADABLE = (SQLAlchemyError, ValueError, TypeError, OverflowError)
_STEP = 500


def raw(table: Table, *names: str) -> Select[Any]:
    """Columns of `table`, all where none are named, without conversions."""
    wanted = names or tuple(column.name for column in table.columns)
    columns: list[ColumnElement[Any]] = [literal_column(f"{table.name}.{name}").label(name) for name in wanted]
    return select(*columns).select_from(table)


def guarded(connection: Connection, findings: Findings, what: str, work: Callable[[], None]) -> None:
    """Run one check; that the store cannot answer it is a finding."""
    try:
        # PostgreSQL answers nothing more in a transaction after an error, unless it goes back behind it.
        with connection.begin_nested():
            work()
    except UNREADABLE as error:
        findings.add("store", None, f"{what} cannot be read: {first_line(error)}")


def rows_between(connection: Connection, table: Table, start: int, stop: int, findings: Findings) -> list[Row[Any]]:
    """The rows of the entries from `start` to before `stop`, in their order.

    A row that the store cannot read is a finding, not the end: the rest is read one by one.
    """
    at = table.c.log_index
    statement = raw(table).order_by(at)
    try:
        with connection.begin_nested():
            return list(connection.execute(statement.where(at >= start, at < stop)))
    except UNREADABLE:
        found: list[Row[Any]] = []
        for index in range(start, stop):
            try:
                with connection.begin_nested():
                    found.extend(connection.execute(statement.where(at == index)))
            except UNREADABLE as error:
                findings.add("row", index, f"{table.name} cannot be read: {first_line(error)}")
        return found


def in_pieces(
    connection: Connection, statement: Select[Any], key: Sequence[ColumnElement[Any]], step: int = _STEP
) -> Iterator[list[Row[Any]]]:
    """The rows of `statement` in the order of `key`, whose columns it selects first, a piece at a time."""
    ordered = statement.order_by(*key).limit(step)
    rows = list(connection.execute(ordered))
    while rows:
        yield rows
        if len(rows) < step:
            return
        place = (literal(value, column.type) for value, column in zip(rows[-1], key, strict=False))
        rows = list(connection.execute(ordered.where(tuple_(*key) > tuple_(*place))))


def index_of(value: Any) -> int | None:
    """A log index as findings have it, None for what is none."""
    return value if isinstance(value, int) else None


def first_line(error: Exception) -> str:
    """What went wrong, without the statement that met it."""
    return str(error).splitlines()[0]
