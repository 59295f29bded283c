"""The columns of `entries`, open intents, and what reviews and appeals refer to, against the leaves."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row

from server.audit.checks.bundle import Bundle
from server.audit.checks.lookups import absent
from server.audit.checks.raw import index_of, raw, rows_between
from server.audit.checks.report import Findings
from server.audit.entries.leaf import Leaf, format_time
from server.audit.sql.tables import entries, events, open_intents
from server.audit.sql.terms import closing_keys, request_key

_DAY = 24 * 3600 * 1_000_000


def check_entries(connection: Connection, bundle: Bundle, now: int, findings: Findings) -> None:
    """One piece of the log. now: microseconds since 1970, by which intents are old."""
    for index, leaf in bundle.leaves.items():
        _check_columns(bundle.rows[index], leaf, findings)
    _check_intents(connection, bundle, now, findings)
    _check_references(connection, bundle, findings)


def _check_columns(row: Row[Any], leaf: Leaf, findings: Findings) -> None:
    expected = {
        "request_key": request_key(*leaf.request, leaf.kind),
        "decision_id": leaf.decision_id,
        "kind": leaf.kind,
        "tenant": leaf.tenant,
    }
    for name, value in expected.items():
        if row._mapping[name] != value:
            findings.add("row", row.log_index, f"entries.{name} is not what the leaf says")
    if spelled(row.recorded_at) != leaf.recorded_at:
        findings.add("row", row.log_index, "entries.recorded_at is not what the leaf says")


def spelled(recorded_at: Any) -> str:
    """A time as leaves spell it; something that no leaf says for what is none."""
    try:
        return format_time(recorded_at)
    except (TypeError, OverflowError, ValueError):
        return f"no time: {recorded_at!r:.40}"


def _check_intents(connection: Connection, bundle: Bundle, now: int, findings: Findings) -> None:
    """An intent is open while no decision and no cancellation has its request."""
    intents = {index: leaf.request for index, leaf in bundle.leaves.items() if leaf.kind == "intent"}
    keys = {index: request_key(*request, "decision") for index, request in intents.items()}
    closing = {index: {(key,) for key in closing_keys(*request)} for index, request in intents.items()}
    lacking = absent(connection, [entries.c.request_key], [key for found in closing.values() for key in found])
    found = {row.log_index: row for row in rows_between(connection, open_intents, bundle.start, bundle.stop, findings)}
    for index, leaf in bundle.leaves.items():
        row, key = found.get(index), keys.get(index)
        is_open = key is not None and closing[index] <= lacking
        actual = None if row is None else (row.tenant, row.request_id, spelled(row.recorded_at), row.decision_key)
        if actual != ((*leaf.request, leaf.recorded_at, key) if is_open else None):
            findings.add("row", index, "the row in open_intents is not what the log says")
        elif is_open and bundle.rows[index].recorded_at < now - _DAY:
            findings.summary.orphaned += 1


def _check_references(connection: Connection, bundle: Bundle, findings: Findings) -> None:
    """A review or appeal refers to an earlier decision of its tenant, and stands in that one's history."""
    referring = {index: (leaf, leaf.refers_to) for index, leaf in bundle.leaves.items() if leaf.refers_to is not None}
    if not referring:
        return
    columns = [entries.c.decision_id, entries.c.log_index, entries.c.tenant, entries.c.kind]
    keys = {at: (to.decision_id, to.log_index, leaf.tenant, "decision") for at, (leaf, to) in referring.items()}
    lost = absent(connection, columns, list(keys.values()))
    rows = {at: (to.log_index, at) for at, (_, to) in referring.items()}
    unlisted = absent(connection, [events.c.decision_index, events.c.log_index], list(rows.values()))
    for index in referring:
        if keys[index] in lost or keys[index][1] >= index:
            findings.add("row", index, "the decision that the entry refers to is not in the log")
        if rows[index] in unlisted:
            findings.add("row", index, "the entry is missing in the history of the decision that it refers to")


def entries_outside(connection: Connection, size: int, findings: Findings) -> None:
    """Rows that belong to no entry."""
    for table in (entries, open_intents):
        at = table.c.log_index
        statement = raw(table, "log_index").where((at < 0) | (at >= size)).order_by(at).limit(1)
        first = connection.execute(statement).scalar_one_or_none()
        if first is not None:
            findings.add("order", index_of(first), f"{table.name} has rows outside the log")
