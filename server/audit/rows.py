"""Reading rows of the log's tables as values."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, or_, select

from core.errors import IntegrityError
from countersign.verify.commitments import Disclosure, read_disclosures
from countersign.verify.errors import VerificationError
from server.audit.entry import Recorded
from server.audit.history import Event, State, fold
from server.audit.leaf import from_microseconds
from server.audit.tables import entries, events, private, tiles
from server.audit.tree import TileKey, root_at

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


def read_tiles(connection: Connection, keys: Iterable[TileKey]) -> dict[TileKey, bytes]:
    """The stored tiles among `keys`; what is missing is missing in the answer."""
    numbers: dict[int, list[int]] = {}
    for level, number in keys:
        numbers.setdefault(level, []).append(number)
    if not numbers:
        return {}
    # Not (level, number) IN (…): SQLite would look through the whole table for it.
    wanted = [(tiles.c.level == level) & tiles.c.number.in_(found) for level, found in numbers.items()]
    statement = select(tiles).where(or_(*wanted))
    return {(row.level, row.number): row.hashes for row in connection.execute(statement)}


def extends(connection: Connection, stored: int, size: int, root: bytes) -> bool:
    """Whether the log, of `stored` entries, starts with the tree of `size` entries under `root`."""

    def read(key: TileKey) -> bytes:
        return read_tiles(connection, [key])[key]

    try:
        return size <= stored and root_at(read, size) == root
    except (KeyError, IndexError):  # tiles are missing
        return False


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
        private=_private(row),
        state=state,
    )


def _content(leaf: bytes, index: int) -> dict[str, Any]:
    try:
        content = json.loads(leaf)
        int(content["facets"]["action"])
        return {"request_id": "", "request_digest": "", **content}
    except (ValueError, TypeError, KeyError) as error:
        raise IntegrityError(f"entry {index} is not the one that was recorded; run `log fsck`") from error


def _private(row: Row[Any]) -> dict[str, Disclosure]:
    if row.fields is None:
        return {}
    try:
        return read_disclosures(row.fields)
    except VerificationError as error:
        raise IntegrityError(f"the plaintext of entry {row.log_index} is damaged; run `log fsck`") from error
