"""Many look-ups at once: which keys a table lacks.

One statement for thousands of keys, each found through the index. What is there costs nothing to fetch: for a sound log
the answer is empty.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, TypeAlias

from sqlalchemy import Column, Connection
from sqlalchemy.dialects.postgresql import dialect as postgresql_dialect

Key: TypeAlias = tuple[Any, ...]
Columns: TypeAlias = tuple[Column[Any], ...]
# SQLite takes 32,766 parameters.
_PARAMETERS = 30_000


def absent(
    connection: Connection, columns: Sequence[Column[Any]], keys: Sequence[tuple[Any, ...]]
) -> set[tuple[Any, ...]]:
    """Those of `keys` for which the table has no row. columns: of one table, led by those of an index."""
    step = _PARAMETERS // len(columns)
    found: set[Key] = set()
    for start in range(0, len(keys), step):
        found |= _absent(connection, tuple(columns), keys[start : start + step])
    return found


def _absent(connection: Connection, columns: Columns, keys: Sequence[tuple[Any, ...]]) -> set[tuple[Any, ...]]:
    parameters: tuple[Any, ...]
    if connection.dialect.name == "postgresql":
        statement, parameters = _arrays(columns), tuple([*column] for column in zip(*keys, strict=True))
    else:
        statement, parameters = _values(columns, len(keys)), tuple(value for key in keys for value in key)
    return {tuple(row) for row in connection.exec_driver_sql(statement, parameters)}


@lru_cache(maxsize=64)
def _values(columns: Columns, count: int) -> str:
    names = _names(columns)
    row = f"({', '.join('?' * len(columns))})"
    wanted = f"WITH wanted({names}) AS (VALUES {', '.join([row] * count)}) "
    return f"{wanted}SELECT {names} FROM wanted WHERE {_condition(columns)}"  # noqa: S608


@lru_cache(maxsize=64)
def _arrays(columns: Columns) -> str:
    dialect = postgresql_dialect()  # type: ignore[no-untyped-call]
    arrays = ", ".join(f"%s::{column.type.compile(dialect=dialect)}[]" for column in columns)
    return f"SELECT * FROM unnest({arrays}) AS wanted({_names(columns)}) WHERE {_condition(columns)}"  # noqa: S608


def _condition(columns: Columns) -> str:
    table = columns[0].table.name
    same = " AND ".join(f"stored.{column.name} = wanted.c{place}" for place, column in enumerate(columns))
    return f"NOT EXISTS (SELECT 1 FROM {table} AS stored WHERE {same})"  # noqa: S608


def _names(columns: Columns) -> str:
    return ", ".join(f"c{place}" for place in range(len(columns)))
