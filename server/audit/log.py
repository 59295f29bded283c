"""The audit log, as the rest of the server sees it.

    append ── draft ──> writer ── group_commit ── batch ──> appender ──> one transaction: entries, index, tiles, head
                          └ or, on SQLite, forwarding ──> the writer of the process that writes
    reads  ── pool of threads ──> one snapshot each of what is committed

What it promises: an entry is acknowledged only after its transaction reached the disk; an acknowledged entry keeps
its index and its bytes; one (tenant, request_id, kind) is recorded once. What it does not promise: that times grow
with indexes, or that the owner of database and signing key cannot write a new history; for that, compare
checkpoints with a witness.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection

from core.errors import ConfigurationError, Unavailable
from server.audit.entries.chance import Chance
from server.audit.entries.entry import Entry, Recorded, draft
from server.audit.forwarding import Seat
from server.audit.operations import Operation
from server.audit.reading.reader import READERS, LogReader, receipt_of
from server.audit.store import Store, open_store
from server.audit.tree.head import HeadSigner, read_head
from server.audit.tree.keys import CheckpointSigner
from server.audit.tree.receipts import (
    ReceiptParts,
    make_receipt,
)
from server.audit.writing.backlog import GroupLimits
from server.audit.writing.writer import LocalWriter, Writer, assert_ours

_LOCK_TIMEOUT = 5.0
_WRITER_PATIENCE = 10.0
_DEFAULT_LIMITS = GroupLimits()


def _now() -> datetime:
    return datetime.now(UTC)


class AuditLog(LogReader):
    """One log over one database. Made by `open`; used from one event loop; `close` it.

    Every method raises Unavailable while the store cannot be used, and works again when it can.
    """

    def __init__(self, store: Store, writer: Writer, signer: HeadSigner, clock: Callable[[], datetime]) -> None:
        super().__init__(store, str(signer.key))
        self._writer = writer
        self._clock = clock
        self._chance = Chance()

    @classmethod
    async def open(
        cls,
        url: str,
        signer: CheckpointSigner,
        origin: str,
        *,
        mark_dir: Path | None = None,
        share: bool = True,
        limits: GroupLimits = _DEFAULT_LIMITS,
        lock_timeout: float = _LOCK_TIMEOUT,
        clock: Callable[[], datetime] = _now,
    ) -> AuditLog:
        """The log at `url`, whose schema is up to date (`schema.upgrade`).

        origin: the log's name, a schema-less URL. mark_dir: see `store.open_store`. share: where another process writes
        the SQLite file, forward to it; without it, that is a ConfigurationError. lock_timeout: seconds to wait for a
        foreign lock on the database. clock: aware times. ConfigurationError if the schema, the durability settings, the
        signing key or the high-water mark forbid to go on.
        """
        heads = HeadSigner(signer, origin)
        # As many again for bundles and background work, which read past the pool of threads: nobody waits for them.
        readers = 2 * READERS
        store = await asyncio.to_thread(open_store, url, mark_dir=mark_dir, readers=readers, timeout=lock_timeout)
        begin = functools.partial(LocalWriter.start, store, heads, limits, clock)
        try:
            writer = await _find_writer(store, begin, limits, share=share, patience=lock_timeout + _WRITER_PATIENCE)
        except BaseException:
            store.close()
            raise
        log = cls(store, writer, heads, clock)
        try:
            await log._read(assert_ours, heads)
        except BaseException:
            await log.close()
            raise
        return log

    @property
    def is_writer(self) -> bool:
        """Whether this process writes, for background work that only one process should do. May change."""
        return self._writer.is_local

    async def append(self, entry: Entry) -> Recorded:
        """Record `entry`. MUST NOT be acknowledged to anyone before this returns.

        The same (tenant, request_id, kind) returns the earlier entry with fresh=False; Conflict if it stands for
        another request. Unavailable if the store has trouble or too much waits: nothing may be assumed recorded,
        and the same call may be made again. Other errors: see `entry.draft`.
        """
        return await self._writer.submit(draft(entry, self._clock(), self._chance))

    async def perform(self, operation: Operation) -> Recorded:
        """Record what `operation` comes to (see `operations.base`): as `append`, with the operation's own errors."""
        return await self._writer.submit(operation)

    def writing(self) -> AbstractContextManager[Connection]:
        """A transaction that holds the right to write, as `reading`. MUST NOT touch entries, tiles or head.

        Unavailable in a process that forwards: see `is_writer`.
        """
        return self._store.writing()

    async def receipt(self, tenant: str, decision_id: str) -> ReceiptParts:
        """A receipt against the newest checkpoint; NotFound if `tenant` has no such entry."""
        return await self.receipt_for(await self.get(tenant, decision_id))

    async def receipt_for(self, recorded: Recorded) -> ReceiptParts:
        """A receipt of an entry that this log returned, against the newest checkpoint that this process signed."""
        recent = self._writer.recent
        if recent is not None and recorded.index < recent.head.size:
            with contextlib.suppress(KeyError):  # too old for memory
                return make_receipt(recorded, recent.head, recent.read, self._log_key)
        return await self._read(receipt_of, recorded, self._log_key)

    async def ping(self) -> None:
        """Return if the log can be read and takes entries; Unavailable otherwise.

        Where the latest batch failed, it tries to write, so that health comes back without a caller to lose.
        """
        await self._writer.ping()
        recent = self._writer.recent
        head = await self._read(read_head)
        if recent is not None and head.size < recent.head.size:
            raise Unavailable("the log no longer holds what was acknowledged; run `log fsck`")

    async def close(self) -> None:
        """Record what waits, then let go of the database."""
        await self._writer.close()
        await super().close()


async def _find_writer(
    store: Store, begin: Callable[[], Awaitable[LocalWriter]], limits: GroupLimits, *, share: bool, patience: float
) -> Writer:
    """The own writer of this process where it may write; else, to `share`, the way to the process that may."""
    if share and store.rendezvous is not None:
        return await Seat.take(store, store.rendezvous, begin, limits, patience=patience)
    if not store.claim():
        raise ConfigurationError("another process writes this log; stop it first")
    return await begin()
