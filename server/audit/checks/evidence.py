"""Each stored blob against its digest, and against the leaf of the entry that it came with."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, literal, tuple_

from core.media import digest_of
from server.audit.checks.raw import UNREADABLE, in_pieces, index_of, raw
from server.audit.checks.report import Findings
from server.audit.sql.tables import entries, evidence

_KEY = (evidence.c.tenant, evidence.c.digest, evidence.c.log_index)
_ROWS = raw(evidence, "tenant", "digest", "log_index", "mime")
_DATA = raw(evidence, "tenant", "digest", "log_index", "data")
# Blobs that are in memory together.
_FEW = 16


def check_evidence(connection: Connection, findings: Findings) -> None:
    """Every blob. That none is missing, `plaintext` sees."""
    for rows in in_pieces(connection, _ROWS, _KEY):
        named = _named(connection, {index for row in rows if (index := index_of(row.log_index)) is not None})
        for row in rows:
            if (row.tenant, row.digest, row.mime) not in named.get(row.log_index, ()):
                _add(findings, row, "is not what the entry that it came with names")
        for start in range(0, len(rows), _FEW):
            _check_data(connection, rows[start : start + _FEW], findings)


def _check_data(connection: Connection, rows: Sequence[Row[Any]], findings: Findings) -> None:
    """A few blobs at once; where one of them cannot be read, one after the other."""
    first, last = (
        tuple_(*(literal(value, column.type) for value, column in zip(row, _KEY, strict=False)))
        for row in (rows[0], rows[-1])
    )
    between = (tuple_(*_KEY) >= first, tuple_(*_KEY) <= last)
    try:
        with connection.begin_nested():
            for row in connection.execute(_DATA.where(*between)):
                if not isinstance(row.data, bytes) or digest_of(row.data) != row.digest:
                    _add(findings, row, "has another digest")
    except UNREADABLE:
        if len(rows) == 1:
            _add(findings, rows[0], "cannot be read")
            return
        for each in rows:
            _check_data(connection, [each], findings)


def _add(findings: Findings, row: Row[Any], problem: str) -> None:
    findings.add("evidence", index_of(row.log_index), f"evidence {row.digest!r:.80} {problem}")


def _named(connection: Connection, indexes: set[int]) -> Mapping[int, Sequence[tuple[str, str, str]]]:
    """(tenant, digest, mime) of everything that the entries at `indexes` name, as far as they are some.

    What else is wrong with them was found where they stand.
    """
    found: dict[int, list[tuple[str, str, str]]] = {}
    statement = raw(entries, "log_index", "leaf").where(entries.c.log_index.in_(indexes))
    for row in connection.execute(statement):
        try:
            leaf = json.loads(row.leaf)
            found[row.log_index] = [(leaf["tenant"], it["digest"], it["mime"]) for it in leaf["facets"]["evidence"]]
        except (ValueError, TypeError, KeyError, RecursionError):
            continue
    return found
