"""What signed files are found by, against the private field that the leaf commits to: neither more nor less of it.

That the field itself is missing rightfully is the work of `plaintext`; where it is, nothing may be left here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row

from core.media import digest_of
from server.audit.checks.bundle import Bundle
from server.audit.checks.raw import index_of, raw, rows_between
from server.audit.checks.report import Findings
from server.audit.entries.durable import bindings_in
from server.audit.sql.tables import bindings, manifests

WHAT = "binding"


def check_durable(connection: Connection, bundle: Bundle, disclosed: Mapping[int, Any], findings: Findings) -> None:
    """One piece of the log. disclosed: values of the private field, by index, that the leaves commit to."""
    found: dict[int, set[tuple[Any, Any]]] = {}
    for row in rows_between(connection, bindings, bundle.start, bundle.stop, findings):
        found.setdefault(row.log_index, set()).add((row.kind, row.value))
    kept = {row.log_index: row for row in rows_between(connection, manifests, bundle.start, bundle.stop, findings)}
    for index in bundle.leaves:
        value = disclosed.get(index)
        if not _same_bindings(value, found.get(index, set())):
            findings.add(WHAT, index, "what the signed file is recognised by is not what the entry says")
        for problem in _differences(value, kept.get(index)):
            findings.add(WHAT, index, problem)


def durable_outside(connection: Connection, size: int, findings: Findings) -> None:
    """Rows that belong to no entry."""
    for table in (bindings, manifests):
        at = table.c.log_index
        statement = raw(table, "log_index").where((at < 0) | (at >= size)).order_by(at).limit(1)
        first = connection.execute(statement).first()
        if first is not None:
            findings.add("order", index_of(first.log_index), f"{table.name} has rows outside the log")


def _same_bindings(value: Any, found: set[tuple[Any, Any]]) -> bool:
    try:
        return found == (set() if value is None else bindings_in(value))
    except ValueError:
        return False


def _differences(value: Any, row: Row[Any] | None) -> list[str]:
    if value is None or row is None:
        return (
            [] if value is None and row is None else ["the manifest is missing, or is there without its entry's word"]
        )
    said = value if isinstance(value, dict) else {}
    actual = {"manifest_id": row.manifest_id, "manifest": _digest(row.data), "sketches": _digest(row.sketches)}
    return [f"the {name} is not what the entry says" for name, each in actual.items() if said.get(name) != each]


def _digest(data: Any) -> str:
    return digest_of(data) if isinstance(data, bytes) else "nothing"
