"""The reading half of the log: every question is one snapshot of what is committed, on a small pool of threads.

Knows nothing of writing. What a tenant may not see does not exist for it.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection

from core.errors import PreconditionFailed, Unavailable
from server.audit.entries.entry import Blob, Recorded
from server.audit.entries.policy import Live
from server.audit.reading import queries
from server.audit.reading.durable import DurableReads
from server.audit.reading.following import Growth, follow
from server.audit.reading.listing import Page, list_page
from server.audit.reading.matching import Filter
from server.audit.reading.policies import live_policy, policy_steps
from server.audit.reading.queries import History
from server.audit.sql.documents import Document, document_of
from server.audit.store import Store
from server.audit.tree.generations import Generation, read_generations, signing_key
from server.audit.tree.head import read_head
from server.audit.tree.receipts import (
    ConsistencyParts,
    ReceiptParts,
    SignedCheckpoint,
    consistency_parts,
    stored_receipt,
)
from server.audit.tree.witnessed import newest_cosigned, witnessed_receipt

_Arguments = ParamSpec("_Arguments")
_Answer = TypeVar("_Answer")
READERS = 4
"""Questions at a time."""


class LogReader:
    """Answers questions about one log. Every method raises Unavailable while the store cannot be used.

    durable: questions about what was signed, by whomever.
    """

    def __init__(self, store: Store, log_key: str) -> None:
        self._store = store
        self._log_key = log_key
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="audit-reader")
        self._growth = Growth(self._size)
        self.durable = DurableReads(self._read)

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
        return follow(self._read, self._growth, tenant, filter, after)

    async def evidence(self, tenant: str, digest: str) -> Blob | None:
        """A blob that one of `tenant`'s entries came with."""
        return await self._read(queries.evidence_of, tenant, digest)

    async def document(self, digest: str) -> Document | None:
        """A policy, card or list that the server once worked with, whosever decisions it decided."""
        return await self._read(document_of, digest)

    async def policy_steps(self, digest: str = "") -> tuple[Recorded, ...]:
        """What happened to policies, or to the version with this digest, in the order of the log."""
        return await self._read(policy_steps, digest)

    async def live_policy(self) -> tuple[Live, Recorded | None]:
        """Which versions decide now, and the entry that says so; None where none was ever activated."""
        return await self._read(live_policy)

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

    def reading(self) -> AbstractContextManager[Connection]:
        """A snapshot, for work of the log's own background tasks. Blocks: for threads, not for the event loop."""
        return self._store.reading()

    async def close(self) -> None:
        """Let go of the database."""
        await asyncio.to_thread(self._readers.shutdown)
        await asyncio.to_thread(self._store.close)

    async def _size(self) -> int:
        return (await self._read(read_head)).size

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


def receipt_of(connection: Connection, recorded: Recorded, own: str) -> ReceiptParts:
    """A receipt against the stored head. own: this process's verifier key."""
    return stored_receipt(connection, recorded, _key_of(connection, read_head(connection).checkpoint, own))


def _checkpoint(connection: Connection, own: str) -> SignedCheckpoint:
    head, cosigned = read_head(connection), newest_cosigned(connection)
    key = _key_of(connection, head.checkpoint, own)
    return SignedCheckpoint(head.checkpoint, key, head.size, cosigned.note if cosigned else "")


def _key_of(connection: Connection, checkpoint: str, own: str) -> str:
    """The key that signed: another server may have rotated ours away, and what it signs names its own key."""
    return signing_key(checkpoint, read_generations(connection)) or own
