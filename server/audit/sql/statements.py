"""The SQL whose spelling differs between stores: INSERT … ON CONFLICT, and inserting many rows at once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Column, Connection, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import dialect as postgresql_dialect


def insert_for(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that offers `on_conflict_do_nothing` and `on_conflict_do_update` on the connection's store."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def bulk_insert(
    connection: Connection,
    table: Table,
    rows: Sequence[tuple[Any, ...]],
    *,
    ignore: bool = False,
    replace: Column[Any] | None = None,
) -> int:
    """Insert rows, each with a value for every column in the table's order; how many were inserted.

    ignore: leave out rows whose key exists. replace: of rows whose primary key exists, take this column's value.
    Past SQLAlchemy's own INSERT, which costs more than the store does: one call of the driver for all rows on SQLite,
    one statement with an array for each column on PostgreSQL.
    """
    if not rows:
        return 0
    if connection.dialect.name == "postgresql":
        columns = tuple([*column] for column in zip(*rows, strict=True))
        return int(connection.exec_driver_sql(_unnest(table, ignore, replace), columns).rowcount)
    return int(connection.exec_driver_sql(_values(table, ignore, replace), list(rows)).rowcount)


@lru_cache(maxsize=64)
def _values(table: Table, ignore: bool, replace: Column[Any] | None) -> str:
    marks = ", ".join("?" * len(table.columns))
    return f"INSERT INTO {_target(table)} VALUES ({marks}){_ending(table, ignore, replace)}"  # noqa: S608 - names of our own tables


@lru_cache(maxsize=64)
def _unnest(table: Table, ignore: bool, replace: Column[Any] | None) -> str:
    dialect = postgresql_dialect()  # type: ignore[no-untyped-call]
    arrays = ", ".join(f"%b::{column.type.compile(dialect=dialect)}[]" for column in table.columns)
    return f"INSERT INTO {_target(table)} SELECT * FROM unnest({arrays}){_ending(table, ignore, replace)}"  # noqa: S608


def _target(table: Table) -> str:
    return f"{table.name} ({', '.join(column.name for column in table.columns)})"


def _ending(table: Table, ignore: bool, replace: Column[Any] | None) -> str:
    if replace is not None:
        key = ", ".join(column.name for column in table.primary_key)
        return f" ON CONFLICT ({key}) DO UPDATE SET {replace.name} = excluded.{replace.name}"
    return " ON CONFLICT DO NOTHING" if ignore else ""
