"""The law behind the examples: whatever value of whatever row is changed, it is found."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, Connection, Integer, LargeBinary, Row, Table, and_, func, select, update
from sqlalchemy.exc import IntegrityError

from server.audit.sql.tables import metadata
from server.audit.store import open_store
from tests.audit.fsck.conftest import Log

COLUMNS = [column for table in metadata.tables.values() for column in table.columns]
ROUNDS = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@ROUNDS
@given(
    column=st.sampled_from(COLUMNS),
    row=st.integers(0, 10**6),
    place=st.integers(0, 10**6),
    change=st.integers(1, 255),
)
def test_a_change_of_any_value_is_found(copy: Log, column: Column[Any], row: int, place: int, change: int) -> None:
    table = column.table
    with closing(open_store(copy.url, readers=1)) as store:
        store.claim()
        with store.writing() as connection:
            old = chosen(connection, table, row)
            new = changed(getattr(old, column.name), column, place, change)
            try:
                with connection.begin_nested():
                    connection.execute(update(table).where(is_row(table, old)).values({column.name: new}))
            except IntegrityError:
                return  # the schema does not take it
        try:
            assert not copy.examine().ok, (table.name, column.name, old, new)
        finally:
            # Hypothesis goes on with the same copy.
            restored = {**dict(zip(table.columns.keys(), old, strict=True)), column.name: new}
            with store.writing() as connection:
                where = and_(*(each == restored[each.name] for each in table.primary_key.columns))
                connection.execute(update(table).where(where).values({column.name: getattr(old, column.name)}))


def chosen(connection: Connection, table: Table, row: int) -> Row[Any]:
    count = connection.execute(select(func.count()).select_from(table)).scalar_one()
    key = list(table.primary_key.columns)
    return connection.execute(select(table).order_by(*key).offset(row % count).limit(1)).one()


def is_row(table: Table, row: Row[Any]) -> Any:
    return and_(*(column == getattr(row, column.name) for column in table.primary_key.columns))


def changed(value: Any, column: Column[Any], place: int, change: int) -> Any:
    """Another value of the same type: one byte, one character, or the number."""
    if isinstance(column.type, LargeBinary):
        at = place % len(value)
        return value[:at] + bytes([value[at] ^ change]) + value[at + 1 :]
    if isinstance(column.type, Integer):
        return value + (change if place % 2 else -change)
    if not value:
        return chr(64 + change % 26)
    at = place % len(value)
    return value[:at] + chr((ord(value[at]) ^ change) or 1) + value[at + 1 :]
