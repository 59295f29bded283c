"""The audit log, as the rest of the server sees it.

    append ── draft ──> group_commit ── batch ──> appender ──> one transaction: entries, facets, tiles, signed head
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
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection

from core.errors import ConfigurationError, IntegrityError, Unavailable
from countersign.verify.note import VerifierKey
from server.audit import queries, schema
from server.audit.appender import Appender
from server.audit.documents import Document, document_of, keep
from server.audit.entry import Blob, Entry, Recorded, draft
from server.audit.following import follow
from server.audit.group_commit import GroupCommit, GroupLimits
from server.audit.head import Head, HeadSigner, read_head, start_log
from server.audit.keys import CheckpointSigner
from server.audit.listing import Page, list_page
from server.audit.mark import read_mark
from server.audit.matching import Filter
from server.audit.operations import Operation
from server.audit.queries import History
from server.audit.receipts import (
    ConsistencyParts,
    ReceiptParts,
    SignedCheckpoint,
    consistency_parts,
    make_receipt,
    stored_receipt,
)
from server.audit.rows import extends
from server.audit.store import Store, open_store

_Arguments = ParamSpec("_Arguments")
_Answer = TypeVar("_Answer")
_READERS = 4
_LOCK_TIMEOUT = 5.0
_RETRY_AFTER = 60.0  # seconds; an operator has to come
_DEFAULT_LIMITS = GroupLimits()


def _now() -> datetime:
    return datetime.now(UTC)


class AuditLog:
    """One log over one database. Made by `open`; used from one event loop; `close` it.

    Every method raises Unavailable while the store cannot be used, and works again when it can.
    """

    def __init__(self, store: Store, signer: HeadSigner, limits: GroupLimits, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock
        self._log_key = str(signer.key)
        self._appender = Appender(store, signer, clock)
        self._group = GroupCommit(self._appender.append, limits)
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="audit-reader")

    @classmethod
    async def open(
        cls,
        url: str,
        signer: CheckpointSigner,
        origin: str,
        *,
        mark_dir: Path | None = None,
        limits: GroupLimits = _DEFAULT_LIMITS,
        lock_timeout: float = _LOCK_TIMEOUT,
        clock: Callable[[], datetime] = _now,
    ) -> AuditLog:
        """The log at `url`, whose schema is up to date (`schema.upgrade`).

        origin: the log's name, a schema-less URL. mark_dir: see `store.open_store`. lock_timeout: seconds to wait for
        a foreign lock on the database. clock: aware times. ConfigurationError if the schema, the durability settings,
        the signing key or a second writer forbid to go on.
        """
        heads = HeadSigner(signer, origin)
        store = await asyncio.to_thread(_start, url, heads, mark_dir, lock_timeout)
        return cls(store, heads, limits, clock)

    async def append(self, entry: Entry) -> Recorded:
        """Record `entry`. MUST NOT be acknowledged to anyone before this returns.

        The same (tenant, request_id, kind) returns the earlier entry with fresh=False; Conflict if it stands for
        another request. Unavailable if the store has trouble or too much waits: nothing may be assumed recorded,
        and the same call may be made again. Other errors: see `entry.draft`.
        """
        return await self._group.submit(draft(entry, self._clock()))

    async def perform(self, operation: Operation) -> Recorded:
        """Record what `operation` comes to (see `operations.base`): as `append`, with the operation's own errors."""
        return await self._group.submit(operation)

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

        def store() -> None:
            with self.writing() as connection:
                keep(connection, documents)

        await asyncio.to_thread(store)

    def reading(self) -> AbstractContextManager[Connection]:
        """A snapshot, for work of the log's own background tasks. Blocks: for threads, not for the event loop."""
        return self._store.reading()

    def writing(self) -> AbstractContextManager[Connection]:
        """A transaction that holds the right to write, as `reading`. MUST NOT touch entries, tiles or head."""
        return self._store.writing()

    async def receipt(self, tenant: str, decision_id: str) -> ReceiptParts:
        """A receipt against the newest checkpoint; NotFound if `tenant` has no such entry."""
        return await self.receipt_for(await self.get(tenant, decision_id))

    async def receipt_for(self, recorded: Recorded) -> ReceiptParts:
        """A receipt of an entry that this log returned, against the newest checkpoint that this process signed."""
        recent = self._appender.recent
        if recent is not None and recorded.index < recent.head.size:
            with contextlib.suppress(KeyError):  # too old for memory
                return make_receipt(recorded, recent.head, recent.read, self._log_key)
        return await self._read(stored_receipt, recorded, self._log_key)

    async def checkpoint(self) -> SignedCheckpoint:
        """The newest signed checkpoint."""
        head = await self._read(read_head)
        return SignedCheckpoint(head.checkpoint, self._log_key, head.size)

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
        self._group.assert_open()
        failure = self._group.failure
        if isinstance(failure, IntegrityError):
            # No write would tell: to SQLite the log is sound, and nothing is appended to it all the same.
            raise Unavailable(str(failure), retry_after=_RETRY_AFTER) from failure
        if failure is not None:
            await asyncio.to_thread(self._store.assert_writable)
        await self._read(read_head)

    async def close(self) -> None:
        """Record what waits, then let go of the database."""
        await self._group.close()
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


def _start(url: str, signer: HeadSigner, mark_dir: Path | None, lock_timeout: float) -> Store:
    """Open the database and hold it against everything that the log relies on."""
    store = open_store(url, mark_dir=mark_dir, readers=_READERS, timeout=lock_timeout)
    try:
        if not store.claim():
            raise ConfigurationError("another process writes this log; SQLite takes exactly one")
        store.assert_durable()
        with store.writing() as connection:
            schema.assert_current(connection)
            start_log(connection, signer)
            head = read_head(connection, lock=True)
            signer.assert_owns(head)
            _assert_extends_mark(connection, head, store.mark, signer.key)
    except BaseException:
        store.close()
        raise
    return store


def _assert_extends_mark(connection: Connection, head: Head, path: Path | None, key: VerifierKey) -> None:
    """To append to an older state of the log would sign a second history. MUST be refused."""
    mark = read_mark(path, key)
    if mark is not None and not extends(connection, head.size, mark.size, mark.root):
        raise ConfigurationError(
            f"the log has {head.size} entries, but it acknowledged {mark.size} that it does not hold any more: it was "
            f"restored from a backup or damaged. Run `log fsck`; to go on without them, take {path} away"
        )
