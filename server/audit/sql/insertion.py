"""The rows that one batch of new entries writes. Called within the appender's transaction, after the head is locked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from sqlalchemy import Connection, bindparam, delete, select

from countersign.verify.commitments import write_disclosures
from server.audit.entries.entry import Draft
from server.audit.entries.state import ReviewState, initial
from server.audit.sql.statements import bulk_insert
from server.audit.sql.tables import (
    bindings,
    entries,
    events,
    evidence,
    manifests,
    open_intents,
    postings,
    private,
)
from server.audit.sql.terms import CLOSING, closing_keys, request_key, state_term, subject_terms, terms_of

Placed: TypeAlias = Sequence[tuple[int, Draft]]

_TAKE_BACK = delete(entries).where(entries.c.decision_id.in_(bindparam("ids", expanding=True)))
_CLOSE = delete(open_intents).where(open_intents.c.decision_key.in_(bindparam("keys", expanding=True)))
_RECORDED = select(entries.c.request_key).where(entries.c.request_key.in_(bindparam("keys", expanding=True)))


def insert_entries(connection: Connection, placed: Placed) -> bool:
    """Insert `placed` if all of it is new; False, and nothing inserted, if any request was recorded earlier.

    placed: ascending indexes from the size of the log. Trying costs nothing where it succeeds; asking first would
    cost every batch a look-up for each entry.
    """
    rows = [_entry_row(index, draft) for index, draft in placed]
    if bulk_insert(connection, entries, rows, ignore=True) == len(rows):
        return True
    # Only what was inserted just now: an entry beyond the head is not ours to delete, and has to be noticed.
    connection.execute(_TAKE_BACK, {"ids": [draft.decision_id for _, draft in placed]})
    return False


def insert_facets(connection: Connection, placed: Placed) -> None:
    """What makes new entries findable, what they only commit to, and what they close."""
    bulk_insert(connection, postings, [row for index, draft in placed for row in _postings(index, draft)])
    bulk_insert(connection, private, [_private_row(index, draft) for index, draft in placed])
    bulk_insert(connection, evidence, [row for index, draft in placed for row in _evidence_rows(index, draft)])
    _insert_durable(connection, placed)
    bulk_insert(connection, events, [_event_row(index, draft) for index, draft in placed if draft.entry.refers_to])
    _open_and_close_intents(connection, placed)


def _entry_row(index: int, draft: Draft) -> tuple[Any, ...]:
    entry = draft.entry
    key = request_key(*draft.key)
    return (index, key, draft.decision_id, entry.kind, entry.tenant, draft.recorded_at, draft.leaf)


def _postings(index: int, draft: Draft) -> list[tuple[int, int, int]]:
    """Decisions are found by every facet, and by their state unless it is NONE; the rest only by its subject."""
    entry = draft.entry
    if entry.kind == "decision":
        terms = terms_of(entry.tenant, draft.facets, entry.media_digest, entry.subject)
        state = initial(entry.action, index).review
        if state is not ReviewState.NONE:
            terms.append(state_term(entry.tenant, state))
    else:
        terms = subject_terms(entry.tenant, entry.subject)
    # As a set: whoever chooses media and subject can make two terms of one entry collide, and MUST NOT gain by it.
    return [(term, draft.recorded_at, index) for term in sorted(set(terms))]


def _private_row(index: int, draft: Draft) -> tuple[int, str, str]:
    return (index, draft.entry.tenant, write_disclosures(draft.private))


def _evidence_rows(index: int, draft: Draft) -> list[tuple[Any, ...]]:
    """One row for each picture, however often the entry shows it."""
    blobs = {blob.digest: blob for blob in draft.entry.evidence}
    return [(draft.entry.tenant, blob.digest, index, blob.mime, blob.data) for blob in blobs.values()]


def _insert_durable(connection: Connection, placed: Placed) -> None:
    signed = [(index, draft.entry.durable) for index, draft in placed if draft.entry.durable]
    bulk_insert(connection, bindings, [(index, *each) for index, durable in signed for each in durable.bindings])
    rows = [(index, each.manifest_id, each.manifest, each.sketches) for index, each in signed]
    bulk_insert(connection, manifests, rows)


def _event_row(index: int, draft: Draft) -> tuple[int, int]:
    reference = draft.entry.refers_to
    return (reference.log_index if reference else index, index)


def _open_and_close_intents(connection: Connection, placed: Placed) -> None:
    """An intent is open while no entry that closes it has its request_id, whichever of the two was recorded first."""
    intents = {_decision_key(draft): (index, draft) for index, draft in placed if draft.entry.kind == "intent"}
    if intents:
        closing = {key: closing_keys(draft.entry.tenant, draft.entry.request_id) for key, (_, draft) in intents.items()}
        closed = set(connection.scalars(_RECORDED, {"keys": [one for keys in closing.values() for one in keys]}))
        still = {key: placed for key, placed in intents.items() if closed.isdisjoint(closing[key])}
        bulk_insert(connection, open_intents, [_intent_row(index, draft, key) for key, (index, draft) in still.items()])
    keys = [_decision_key(draft) for _, draft in placed if draft.entry.kind in CLOSING]
    if keys:
        connection.execute(_CLOSE, {"keys": keys})


def _decision_key(draft: Draft) -> bytes:
    """The key of the decision on the draft's request."""
    return request_key(draft.entry.tenant, draft.entry.request_id, "decision")


def _intent_row(index: int, draft: Draft, key: bytes) -> tuple[Any, ...]:
    return (index, draft.entry.tenant, draft.entry.request_id, draft.recorded_at, key)
