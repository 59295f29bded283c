"""The rows that one batch of new entries writes. Called within the appender's transaction, after the head is locked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from sqlalchemy import Connection, Table, bindparam, delete, exists, insert

from server.audit.entry import Draft
from server.audit.statements import insert_for
from server.audit.tables import decisions, detections, entries, evidence, open_intents, tiles
from server.audit.tree import TileKey

Placed: TypeAlias = Sequence[tuple[int, Draft]]


def insert_entries(connection: Connection, placed: Placed) -> bool:
    """Insert `placed` if all of it is new; False, and nothing inserted, if any request was recorded earlier.

    placed: ascending indexes from the size of the log. Trying costs nothing where it succeeds; asking first would
    cost every batch a look-up for each entry.
    """
    rows = [_entry_row(index, draft) for index, draft in placed]
    inserted = connection.execute(insert_for(connection, entries).on_conflict_do_nothing(), rows)
    if inserted.rowcount == len(rows):
        return True
    connection.execute(delete(entries).where(entries.c.log_index >= placed[0][0]))
    return False


def insert_facets(connection: Connection, placed: Placed) -> None:
    """What makes new entries findable: decisions, detections, open intents, evidence."""
    made = [(index, draft) for index, draft in placed if draft.entry.kind == "decision"]
    _insert(connection, decisions, [_decision_row(index, draft) for index, draft in made])
    _insert(connection, detections, [row for index, draft in made for row in _detection_rows(index, draft)])
    _insert_evidence(connection, placed)
    _open_and_close_intents(connection, placed)


def write_tiles(connection: Connection, changed: Mapping[TileKey, bytes]) -> None:
    """Store tiles; the partial ones replace what was there."""
    statement = insert_for(connection, tiles)
    upsert = statement.on_conflict_do_update(
        index_elements=[tiles.c.level, tiles.c.number], set_={"hashes": statement.excluded.hashes}
    )
    rows = [{"level": level, "number": number, "hashes": hashes} for (level, number), hashes in changed.items()]
    connection.execute(upsert, rows)


def _insert(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(insert(table), rows)


def _entry_row(index: int, draft: Draft) -> dict[str, Any]:
    entry = draft.entry
    return {
        "log_index": index,
        "decision_id": draft.decision_id,
        "kind": entry.kind,
        "tenant": entry.tenant,
        "request_id": entry.request_id,
        "request_digest": entry.request_digest,
        "recorded_at": draft.recorded_at,
        "leaf": draft.leaf,
    }


def _decision_row(index: int, draft: Draft) -> dict[str, Any]:
    entry = draft.entry
    return {
        "log_index": index,
        "tenant": entry.tenant,
        "recorded_at": draft.recorded_at,
        "action": entry.action,
        "direction": entry.direction,
        "media_digest": entry.media_digest,
    }


def _detection_rows(index: int, draft: Draft) -> list[dict[str, Any]]:
    return [
        {
            "tenant": draft.entry.tenant,
            "detector": detector,
            "recorded_at": draft.recorded_at,
            "log_index": index,
        }
        for detector in sorted(set(draft.entry.detected))
    ]


def _insert_evidence(connection: Connection, placed: Placed) -> None:
    """The same picture of one tenant is kept once, under the entry that brought it first."""
    rows = [
        {
            "tenant": draft.entry.tenant,
            "digest": blob.digest,
            "mime": blob.mime,
            "first_index": index,
            "data": blob.data,
        }
        for index, draft in placed
        for blob in draft.entry.evidence
    ]
    if rows:
        connection.execute(insert_for(connection, evidence).on_conflict_do_nothing(), rows)


def _open_and_close_intents(connection: Connection, placed: Placed) -> None:
    """An intent is open while no decision has its request_id, whichever of the two was recorded first."""
    opened = [
        {
            "log_index": index,
            "tenant": draft.entry.tenant,
            "request_id": draft.entry.request_id,
            "recorded_at": draft.recorded_at,
        }
        for index, draft in placed
        if draft.entry.kind == "intent"
    ]
    _insert(connection, open_intents, opened)
    same_request = (entries.c.tenant == open_intents.c.tenant) & (entries.c.request_id == open_intents.c.request_id)
    decided = exists().where(same_request, entries.c.kind == "decision")
    named = (open_intents.c.tenant == bindparam("of")) & (open_intents.c.request_id == bindparam("request"))
    requests = [{"of": draft.entry.tenant, "request": draft.entry.request_id} for _, draft in placed]
    connection.execute(delete(open_intents).where(named, decided), requests)
