"""Each row of the log's tables against the leaf that binds it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, select

from countersign.verify.errors import VerificationError
from server.audit.checks.bundle import Bundle
from server.audit.checks.leaf import Leaf
from server.audit.checks.report import Findings
from server.audit.entry import format_time
from server.audit.tables import entries, evidence


def check_rows(connection: Connection, bundle: Bundle, findings: Findings) -> None:
    """Every table of one piece of the log."""
    leaves: dict[int, Leaf] = {}
    for index in range(bundle.start, bundle.stop):
        row = bundle.entries.get(index)
        leaf = None if row is None else _parse(row, findings)
        if row is None:
            findings.add("order", index, "the entry is missing")
        elif leaf is not None:
            leaves[index] = leaf
            _check_entry(row, leaf, findings)
            _check_decision(bundle.decisions.get(index), index, leaf, findings)
            _check_detections(bundle.detections.get(index, []), index, leaf, findings)
    _check_intents(connection, bundle, leaves, findings)
    _check_evidence(connection, leaves, findings)


def _parse(row: Row[Any], findings: Findings) -> Leaf | None:
    try:
        return Leaf.parse(row.leaf)
    except VerificationError as error:
        findings.add("leaf", row.log_index, f"the leaf is not an entry: {error}")
        return None


def _check_entry(row: Row[Any], leaf: Leaf, findings: Findings) -> None:
    for name in ("decision_id", "kind", "tenant", "request_id", "request_digest"):
        if row._mapping[name] != getattr(leaf, name):
            findings.add("row", row.log_index, f"entries.{name} is not what the leaf says")
    if _time(row.recorded_at) != leaf.recorded_at:
        findings.add("row", row.log_index, "entries.recorded_at is not what the leaf says")


def _check_decision(found: Row[Any] | None, index: int, leaf: Leaf, findings: Findings) -> None:
    expected = (leaf.tenant, leaf.recorded_at, leaf.action, leaf.direction, leaf.media_digest)
    actual = None
    if found is not None:
        actual = (found.tenant, _time(found.recorded_at), found.action, found.direction, found.media_digest)
    if actual != (expected if leaf.kind == "decision" else None):
        findings.add("row", index, "the row in decisions is not what the leaf says")


def _check_detections(found: list[Row[Any]], index: int, leaf: Leaf, findings: Findings) -> None:
    detected = leaf.detected if leaf.kind == "decision" else ()
    expected = [(leaf.tenant, detector, leaf.recorded_at) for detector in detected]
    actual = [(row.tenant, row.detector, _time(row.recorded_at)) for row in found]
    # By repr: a damaged row may hold values that cannot be compared.
    if sorted(actual, key=repr) != sorted(expected, key=repr):
        findings.add("row", index, "the rows in detections are not what the leaf says")


def _check_intents(connection: Connection, bundle: Bundle, leaves: Mapping[int, Leaf], findings: Findings) -> None:
    decided = _decided(connection, {leaf.request for leaf in leaves.values() if leaf.kind == "intent"})
    for index, leaf in leaves.items():
        found = bundle.open_intents.get(index)
        is_open = leaf.kind == "intent" and leaf.request not in decided
        actual = None if found is None else (found.tenant, found.request_id, _time(found.recorded_at))
        if actual != ((*leaf.request, leaf.recorded_at) if is_open else None):
            findings.add("row", index, "the row in open_intents is not what the log says")


def _decided(connection: Connection, requests: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those (tenant, request_id) that have a decision."""
    found: set[tuple[str, str]] = set()
    for tenant, request_ids in _by_tenant(requests).items():
        statement = select(entries.c.request_id).where(entries.c.tenant == tenant, entries.c.kind == "decision")
        decided = connection.scalars(statement.where(entries.c.request_id.in_(request_ids)))
        found |= {(tenant, request_id) for request_id in decided}
    return found


def _check_evidence(connection: Connection, leaves: Mapping[int, Leaf], findings: Findings) -> None:
    """That each blob a leaf names is there; whether it is what it should be is `evidence.check_evidence`."""
    stored: set[tuple[str, str]] = set()
    named = {(leaf.tenant, digest) for leaf in leaves.values() for digest, _ in leaf.evidence}
    for tenant, digests in _by_tenant(named).items():
        statement = select(evidence.c.digest).where(evidence.c.tenant == tenant, evidence.c.digest.in_(digests))
        stored |= {(tenant, digest) for digest in connection.scalars(statement)}
    for index, leaf in leaves.items():
        for digest, _ in leaf.evidence:
            if (leaf.tenant, digest) not in stored:
                findings.add("evidence", index, f"evidence {digest} is missing")


def _by_tenant(pairs: set[tuple[str, str]]) -> dict[str, list[str]]:
    """Pairs grouped by tenant: SQLite has no index for a list of pairs."""
    grouped: dict[str, list[str]] = {}
    for tenant, name in sorted(pairs):
        grouped.setdefault(tenant, []).append(name)
    return grouped


def _time(recorded_at: Any) -> str:
    try:
        return format_time(recorded_at)
    except (TypeError, OverflowError, ValueError):
        return f"no time: {recorded_at!r}"
