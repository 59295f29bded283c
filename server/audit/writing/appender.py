"""One batch of entries into the log, in one transaction: all of it or nothing.

This module knows the order in which the tables are written, and nothing about callers, queues or threads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeAlias

from sqlalchemy import Connection

from core.errors import ConfigurationError, Conflict, CountersignError, IntegrityError, Unavailable
from countersign.verify.merkle import leaf_hash
from server.audit.entries.entry import Draft, Recorded, draft
from server.audit.entries.leaf import from_microseconds
from server.audit.entries.state import initial
from server.audit.operations import Operation
from server.audit.reading.queries import find
from server.audit.sql.insertion import Placed, insert_entries, insert_facets
from server.audit.store import Store
from server.audit.tree.head import Head, HeadSigner, read_head, write_head
from server.audit.tree.mark import write_mark
from server.audit.tree.merkle import Edge
from server.audit.tree.recent import Recent
from server.audit.tree.tiles import extends, read_tiles, write_tiles

Work: TypeAlias = Draft | Operation
Outcome: TypeAlias = Recorded | CountersignError
_Key: TypeAlias = tuple[str, str, str]


@dataclass(slots=True)
class _Batch:
    """What one transaction came to so far. size: of the log with everything placed."""

    size: int
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    placed: list[tuple[int, Draft]] = field(default_factory=list)


class Appender:
    """Appends batches. One at a time: only the writer thread of `group_commit` calls it.

    clock: aware times, for operations.
    """

    def __init__(self, store: Store, signer: HeadSigner, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._signer = signer
        self._clock = clock
        self._recent: Recent | None = None

    @property
    def recent(self) -> Recent | None:
        """What this process committed or accepted last; None before the first batch. Readable from any thread."""
        return self._recent

    def append(self, work: Sequence[Work]) -> list[Outcome]:
        """Record `work`; outcomes in its order. Raises Unavailable or IntegrityError when nothing was recorded.

        MUST NOT return before the transaction is committed: what it returns is acknowledged.
        """
        with self._store.writing() as connection:
            # 1. Lock the head, and hold it against what this process committed last.
            recent = self._current(connection, read_head(connection, lock=True))
            batch = _Batch(recent.head.size)
            # 2. Give every new request its place; the lock keeps others from taking it.
            _record_drafts(connection, work, batch)
            # 3. Operations look at the log as it is with all that came before them.
            self._perform(connection, work, batch)
            # 4. The tiles, then the head.
            if batch.placed:
                recent = self._grow(connection, recent, batch.placed)
        # 5. The transaction is committed: from here on the outcomes are true.
        self._recent = recent
        if batch.placed:
            write_mark(self._store.mark, recent.head.checkpoint)
        return [batch.outcomes[place] for place in range(len(work))]

    def _current(self, connection: Connection, head: Head) -> Recent:
        """The tree under `head`. MUST be verified against the root, or a damaged tile would be signed over."""
        last = self._recent
        if last is not None and last.head == head:
            return last
        # Once the key was rotated, a server that still holds the old one MUST NOT go on: its heads would not verify.
        try:
            self._signer.assert_owns(head)
        except ConfigurationError as error:
            raise IntegrityError(f"{error}; was it rotated? Then start this server again with the new one") from error
        # A log that was put back or rewritten under a running server MUST NOT be signed: that would be a fork.
        if last is not None and not extends(connection, head.size, last.head.size, last.head.root):
            raise IntegrityError("the log no longer holds what was acknowledged; run `log fsck`")
        try:
            edge = Edge.load(head.size, read_tiles(connection, Edge.keys(head.size)).__getitem__)
        except KeyError as error:
            raise IntegrityError(f"tile {error} of the log is missing; run `log fsck`") from error
        if edge.root() != head.root:
            raise IntegrityError("the tiles of the log do not lead to its root; run `log fsck`")
        return Recent(head, edge)

    def _perform(self, connection: Connection, work: Sequence[Work], batch: _Batch) -> None:
        for place, operation in enumerate(work):
            if isinstance(operation, Draft):
                continue
            batch.outcomes[place] = self._perform_one(connection, operation, batch)

    def _perform_one(self, connection: Connection, operation: Operation, batch: _Batch) -> Outcome:
        """An error before the first write is the operation's own outcome; any later one is the whole batch's."""
        try:
            earlier = find(connection, operation.tenant, operation.request_id, operation.kind)
            if earlier is not None:
                return _same_request(earlier, operation.request_digest)
            made = draft(operation.prepare(connection), self._clock())
        except Unavailable:
            raise
        except CountersignError as error:
            return error
        placed = [(batch.size, made)]
        if not insert_entries(connection, placed):
            raise IntegrityError("the log holds entries beyond its head; run `log fsck`")
        insert_facets(connection, placed)
        operation.apply(connection, batch.size, made)
        batch.placed += placed
        batch.size += 1
        return _recorded(*placed[0])

    def _grow(self, connection: Connection, recent: Recent, placed: Placed) -> Recent:
        edge, changed = recent.edge.grow([leaf_hash(draft.leaf) for _, draft in placed])
        write_tiles(connection, changed)
        head = self._signer.head(edge.size, edge.root())
        write_head(connection, head)
        return recent.after(head, edge, changed)


def _record_drafts(connection: Connection, work: Sequence[Work], batch: _Batch) -> None:
    """Insert the drafts that are new, and find the earlier entries of the others."""
    drafts = [each for each in work if isinstance(each, Draft)]
    if not drafts:
        return
    earlier, placed = _insert_new(connection, drafts, batch.size)
    if placed:
        insert_facets(connection, placed)
    records = earlier | {draft.key: _recorded(index, draft) for index, draft in placed}
    for place, each in enumerate(work):
        if isinstance(each, Draft):
            batch.outcomes[place] = _outcome(each, records[each.key])
    batch.placed += placed
    batch.size += len(placed)


def _insert_new(connection: Connection, batch: Sequence[Draft], size: int) -> tuple[dict[_Key, Recorded], Placed]:
    """Insert the drafts of `batch` that are new. What was recorded earlier, and what was inserted with its index."""
    placed = _place(batch, {}, size)
    if insert_entries(connection, placed):
        return {}, placed
    earlier = _find_earlier(connection, batch, size)
    placed = _place(batch, earlier, size)
    if placed and not insert_entries(connection, placed):
        raise IntegrityError("the log holds entries beyond its head; run `log fsck`")
    return earlier, placed


def _place(batch: Sequence[Draft], earlier: Mapping[_Key, Recorded], size: int) -> Placed:
    """New drafts, each with the index it gets; of several with one key the first."""
    new: dict[_Key, Draft] = {}
    for each in batch:
        if each.key not in earlier:
            new.setdefault(each.key, each)
    return list(enumerate(new.values(), start=size))


def _find_earlier(connection: Connection, batch: Sequence[Draft], size: int) -> dict[_Key, Recorded]:
    """One look-up for each request: this is the rare way."""
    found = ((each.key, find(connection, *each.key)) for each in batch)
    earlier = {key: record for key, record in found if record is not None}
    # What stands beyond the head is in no tree: it MUST NOT be acknowledged once more.
    if any(record.index >= size for record in earlier.values()):
        raise IntegrityError("the log holds entries beyond its head; run `log fsck`")
    return earlier


def _recorded(index: int, draft: Draft) -> Recorded:
    entry = draft.entry
    return Recorded(
        index=index,
        decision_id=draft.decision_id,
        kind=entry.kind,
        tenant=entry.tenant,
        request_id=entry.request_id,
        request_digest=entry.request_digest,
        recorded_at=from_microseconds(draft.recorded_at),
        leaf=draft.leaf,
        fresh=True,
        private=draft.private,
        state=initial(entry.action, index) if entry.kind == "decision" else None,
    )


def _outcome(draft: Draft, record: Recorded) -> Outcome:
    # A second draft of one request in one batch finds the first one's record.
    return record if record.decision_id == draft.decision_id else _same_request(record, draft.entry.request_digest)


def _same_request(earlier: Recorded, request_digest: str) -> Outcome:
    """What a repeated request gets."""
    if earlier.request_digest != request_digest:
        return Conflict(f"request_id {earlier.request_id!r} was used for a different request")
    return replace(earlier, fresh=False)
