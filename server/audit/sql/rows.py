"""Reading rows of the log's tables as values."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, select

from core.errors import IntegrityError
from countersign.verify.commitments import Disclosure, read_disclosures
from countersign.verify.errors import VerificationError
from server.audit.entries.entry import Recorded
from server.audit.entries.leaf import from_microseconds
from server.audit.entries.state import Event, State, fold
from server.audit.sql.tables import entries, events, private

_EVENTS = (
    select(events.c.decision_index, entries.c.log_index, entries.c.kind, entries.c.leaf)
    .join(entries, entries.c.log_index == events.c.log_index)
    .where(events.c.decision_index.in_(bindparam("decisions", expanding=True)))
    .order_by(events.c.decision_index, events.c.log_index)
)


def select_recorded() -> Select[Any]:
    """The columns that `recorded_from` needs."""
    return select(
        entries.c.log_index,
        entries.c.decision_id,
        entries.c.kind,
        entries.c.tenant,
        entries.c.recorded_at,
        entries.c.leaf,
        private.c.fields,
    ).outerjoin(private, private.c.log_index == entries.c.log_index)


def read_recorded(connection: Connection, rows: Sequence[Row[Any]]) -> list[Recorded]:
    """Rows of `select_recorded`, as entries that were recorded earlier, decisions with their state.

    IntegrityError for a row that no longer holds an entry.
    """
    decisions = [row for row in rows if row.kind == "decision"]
    found = events_of(connection, [row.log_index for row in decisions])
    return [_recorded(row, found) for row in rows]


def events_of(connection: Connection, decisions: Sequence[int]) -> dict[int, list[Event]]:
    """Reviews and appeals by the index of their decision, in the order of the log."""
    found: dict[int, list[Event]] = {}
    if decisions:
        for row in connection.execute(_EVENTS, {"decisions": list(decisions)}):
            event = Event(row.kind, action_of(_content(row.leaf, row.log_index)), row.log_index)
            found.setdefault(row.decision_index, []).append(event)
    return found


def action_of(content: Mapping[str, Any]) -> int:
    """The action in a leaf's facets."""
    return int(content["facets"]["action"])


def _recorded(row: Row[Any], found: Mapping[int, list[Event]]) -> Recorded:
    content = _content(row.leaf, row.log_index)
    state: State | None = None
    if row.kind == "decision":
        state = fold(action_of(content), row.log_index, found.get(row.log_index, ()))
    return Recorded(
        index=row.log_index,
        decision_id=row.decision_id,
        kind=row.kind,
        tenant=row.tenant,
        request_id=content["request_id"],
        request_digest=content["request_digest"],
        recorded_at=from_microseconds(row.recorded_at),
        leaf=row.leaf,
        fresh=False,
        private={} if row.fields is None else disclosures_of(row.log_index, row.fields),
        state=state,
    )


def _content(leaf: bytes, index: int) -> dict[str, Any]:
    try:
        content = json.loads(leaf)
        int(content["facets"]["action"])
        return {"request_id": "", "request_digest": "", **content}
    except (ValueError, TypeError, KeyError) as error:
        raise IntegrityError(f"entry {index} is not the one that was recorded; run `log fsck`") from error


def disclosures_of(index: int, fields: str) -> dict[str, Disclosure]:
    """The disclosures in a row of `private`; IntegrityError for a damaged one."""
    try:
        return read_disclosures(fields)
    except VerificationError as error:
        raise IntegrityError(f"the plaintext of entry {index} is damaged; run `log fsck`") from error
