"""The table of events against the leaves, and the state that they put each decision into."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row

from countersign.verify.errors import VerificationError
from server.audit.checks.bundle import Bundle
from server.audit.checks.raw import in_pieces, index_of, raw
from server.audit.checks.report import Findings
from server.audit.entries.leaf import Leaf
from server.audit.entries.state import Event, State, after, initial
from server.audit.sql.tables import entries, events

_ROWS = (
    raw(events)
    .add_columns(*raw(entries, "leaf").selected_columns)
    .outerjoin(entries, entries.c.log_index == events.c.log_index)
)
_KEY = (events.c.decision_index, events.c.log_index)
_EVENTS = ("review", "appeal")


def states_of(connection: Connection, bundle: Bundle, findings: Findings) -> dict[int, State]:
    """Where each decision of the piece stands after its events. Whether one is missing is asked from its own side."""
    states = {
        index: initial(leaf.facets.action, index) for index, leaf in bundle.leaves.items() if leaf.kind == "decision"
    }
    between = (events.c.decision_index >= bundle.start) & (events.c.decision_index < bundle.stop)
    for rows in in_pieces(connection, _ROWS.where(between), _KEY):
        for row in rows:
            event = _event(row, bundle.leaves.get(row.decision_index))
            if event is None or row.decision_index not in states:
                findings.add("row", row.decision_index, f"entry {row.log_index} is no review or appeal of the decision")
            else:
                states[row.decision_index] = after(states[row.decision_index], event)
    return states


def events_outside(connection: Connection, size: int, findings: Findings) -> None:
    """Events of decisions that are none."""
    of = events.c.decision_index
    statement = raw(events, "decision_index").where((of < 0) | (of >= size)).order_by(of).limit(1)
    first = connection.execute(statement).first()
    if first is not None:
        findings.add("order", index_of(first.decision_index), "events has rows outside the log")


def _event(row: Row[Any], decision: Leaf | None) -> Event | None:
    try:
        leaf = Leaf.parse(row.leaf)
    except VerificationError:
        return None
    to = leaf.refers_to
    if decision is None or to is None or leaf.kind not in _EVENTS or leaf.tenant != decision.tenant:
        return None
    if (to.log_index, to.decision_id) != (row.decision_index, decision.decision_id):
        return None
    return Event(leaf.kind, leaf.facets.action, row.log_index)
