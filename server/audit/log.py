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
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection

from core.errors import ConfigurationError, PreconditionFailed, Unavailable
from server.audit import queries
from server.audit.backlog import GroupLimits
from server.audit.documents import Document, document_of
from server.audit.entry import Blob, Entry, Recorded, draft
from server.audit.following import follow
from server.audit.forwarding import Seat
from server.audit.head import HeadSigner, read_head
from server.audit.keys import CheckpointSigner
from server.audit.listing import Page, list_page
from server.audit.matching import Filter
from server.audit.operations import Operation
from server.audit.outside.generations import Generation, read_generations
from server.audit.outside.witnessed import newest_cosigned, witnessed_receipt
from server.audit.queries import History
from server.audit.receipts import (
    ConsistencyParts,
    ReceiptParts,
    SignedCheckpoint,
    consistency_parts,
    make_receipt,
    stored_receipt,
)
from server.audit.store import Store, open_store
from server.audit.writer import LocalWriter, Writer, assert_ours

_Arguments = ParamSpec("_Arguments")
_Answer = TypeVar("_Answer")
_READERS = 4
_LOCK_TIMEOUT = 5.0
_WRITER_PATIENCE = 10.0
_DEFAULT_LIMITS = GroupLimits()


def _now() -> datetime:
    return datetime.now(UTC)


class AuditLog:
    """One log over one database. Made by `open`; used from one event loop; `close` it.

    Every method raises Unavailable while the store cannot be used, and works again when it can.
    """

    def __init__(self, store: Store, writer: Writer, signer: HeadSigner, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._writer = writer
        self._clock = clock
        self._log_key = str(signer.key)
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="audit-reader")

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
        store = await asyncio.to_thread(open_store, url, mark_dir=mark_dir, readers=_READERS, timeout=lock_timeout)
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
        return await self._writer.submit(draft(entry, self._clock()))

    async def perform(self, operation: Operation) -> Recorded:
        """Record what `operation` comes to (see `operations.base`): as `append`, with the operation's own errors."""
        return await self._writer.submit(operation)

    async def find(self, tenant: str, request_id: str, kind: str = "decision") -> Recorded | None:
        """What was recorded for a request, if anything."""
        return await self._read(queries.find, tenant, request_id, kind)

    async def get(self, tenant: str, decision_id: str) -> Recorded:
        """One entry; NotFound if `tenant` has none of that id."""
        return await self._read(queries.get, tenant, decision_id)

    async def list(self, tenant: str, filter: Filter, page_size: int = 0, page_token: str = "") -> Page:  # noqa: A002
        """A page of decisions, newest first (see `listing`). `filter` is the API's own word."""
        return await self._read(list_page, tenant, filter, page_size, page_token)

    async def history(self, tenant: str, decision_id: str) -> History:
        """A decision with its reviews and appeals; NotFound if `tenant` has none of that id."""
        return await self._read(queries.history, tenant, decision_id)

    def follow(self, tenant: str, filter: Filter, after: int) -> AsyncIterator[Recorded]:  # noqa: A002
        """Decisions at indexes above `after`, in the order of the log; then each new one as it is recorded.

        Holds no snapshot and no queue while its reader is slow: it reads on from where the reader stands.
        """
        return follow(self._read, tenant, filter, after)

    async def evidence(self, tenant: str, digest: str) -> Blob | None:
        """A blob that one of `tenant`'s entries came with."""
        return await self._read(queries.evidence_of, tenant, digest)

    async def document(self, digest: str) -> Document | None:
        """A policy, card or list that the server once worked with, whosever decisions it decided."""
        return await self._read(document_of, digest)

    async def keep_documents(self, documents: Sequence[Document]) -> None:
        """Store documents, before the entry that names them."""
        await self._writer.keep_documents(documents)

    def reading(self) -> AbstractContextManager[Connection]:
        """A snapshot, for work of the log's own background tasks. Blocks: for threads, not for the event loop."""
        return self._store.reading()

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
        return await self._read(stored_receipt, recorded, self._log_key)

    async def witnessed_receipt(self, tenant: str, decision_id: str) -> ReceiptParts:
        """A receipt against the newest checkpoint that a witness cosigned; NotFound if `tenant` has no such entry.

        PreconditionFailed while no such checkpoint covers the entry: witnesses are asked about once a minute.
        """
        receipt = await self._read(witnessed_receipt, await self.get(tenant, decision_id))
        if receipt is None:
            raise PreconditionFailed("no witness has cosigned a checkpoint that covers this entry yet")
        return receipt

    async def checkpoint(self) -> SignedCheckpoint:
        """The newest signed checkpoint, and the newest that a witness cosigned."""
        return await self._read(_checkpoint, self._log_key)

    async def keys(self) -> tuple[Generation, ...]:
        """Every key that the log signed with, oldest first, each with the statement that brought it in."""
        return await self._read(read_generations)

    async def consistency(self, first: int, second: int) -> ConsistencyParts:
        """A proof that the log of `first` entries is the beginning of the log of `second`.

        InvalidInput unless 0 <= first <= second <= the size of the log.
        """
        return await self._read(consistency_parts, first, second)

    async def orphaned_intents(
        self, before: datetime, limit: int = 100, tenant: str | None = None
    ) -> tuple[Recorded, ...]:
        """Intents recorded before `before` that still have no decision, oldest first; of every tenant, or of one.

        Work that is still going on has one too: choose `before` past the longest job.
        """
        return await self._read(queries.orphaned_intents, before, limit, tenant)

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
        await asyncio.to_thread(self._readers.shutdown)
        await asyncio.to_thread(self._store.close)

    async def _read(
        self,
        query: Callable[Concatenate[Connection, _Arguments], _Answer],
        *arguments: _Arguments.args,
        **named: _Arguments.kwargs,
    ) -> _Answer:
        work = functools.partial(self._read_now, query, *arguments, **named)
        try:
            running = asyncio.get_running_loop().run_in_executor(self._readers, work)
        except RuntimeError as error:  # the pool was shut down
            raise Unavailable("the audit log is closed") from error
        return await running

    def _read_now(
        self,
        query: Callable[Concatenate[Connection, _Arguments], _Answer],
        *arguments: _Arguments.args,
        **named: _Arguments.kwargs,
    ) -> _Answer:
        with self._store.reading() as connection:
            return query(connection, *arguments, **named)


def _checkpoint(connection: Connection, log_key: str) -> SignedCheckpoint:
    head, cosigned = read_head(connection), newest_cosigned(connection)
    return SignedCheckpoint(head.checkpoint, log_key, head.size, cosigned.note if cosigned else "")


async def _find_writer(
    store: Store, begin: Callable[[], Awaitable[LocalWriter]], limits: GroupLimits, *, share: bool, patience: float
) -> Writer:
    """The own writer of this process where it may write; else, to `share`, the way to the process that may."""
    if share and store.rendezvous is not None:
        return await Seat.take(store, store.rendezvous, begin, limits, patience=patience)
    if not store.claim():
        raise ConfigurationError("another process writes this log; stop it first")
    return await begin()
