"""The log in pieces of 256 entries: one tile's worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row

from countersign.verify.errors import VerificationError
from server.audit.checks.raw import rows_between
from server.audit.checks.report import Findings
from server.audit.entries.leaf import Leaf
from server.audit.sql.tables import entries


@dataclass(frozen=True, slots=True)
class Bundle:
    """Entries from `start` to before `stop`. rows: of the table, by index. leaves: those that can be read."""

    start: int
    stop: int
    rows: Mapping[int, Row[Any]]
    leaves: Mapping[int, Leaf]


def read_bundle(connection: Connection, start: int, stop: int, findings: Findings) -> Bundle:
    """One piece, with a finding for each entry that is missing or none."""
    rows = {row.log_index: row for row in rows_between(connection, entries, start, stop, findings)}
    leaves: dict[int, Leaf] = {}
    for index in range(start, stop):
        row = rows.get(index)
        if row is None:
            findings.add("order", index, "the entry is missing")
            continue
        try:
            leaves[index] = Leaf.parse(row.leaf)
        except VerificationError as error:
            findings.add("leaf", index, f"the leaf is not an entry: {error}")
    return Bundle(start, stop, rows, leaves)
