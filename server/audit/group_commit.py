"""Group commit: many callers on the event loop, one thread that commits what waits, together.

This module knows queues, threads and back-pressure. It knows nothing about SQL: `commit` is handed in.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.errors import CountersignError, Unavailable
from server.audit.appender import Outcome
from server.audit.entry import Draft, Recorded

_LOG = logging.getLogger(__name__)
_RETRY_AFTER = 1.0


@dataclass(frozen=True, slots=True)
class GroupLimits:
    """batch: drafts in one transaction. waiting: drafts queued or being committed. waiting_bytes: of all of them."""

    batch: int = 512
    waiting: int = 4096
    waiting_bytes: int = 256 << 20


@dataclass(frozen=True, slots=True)
class _Ticket:
    draft: Draft
    answer: asyncio.Future[Recorded]


class GroupCommit:
    """Takes drafts from callers of one event loop and hands them to `commit` in batches, on a thread of its own."""

    def __init__(self, commit: Callable[[Sequence[Draft]], list[Outcome]], limits: GroupLimits) -> None:
        self._commit = commit
        self._limits = limits
        self._loop = asyncio.get_running_loop()
        self._queue: queue.SimpleQueue[_Ticket | None] = queue.SimpleQueue()
        # Both are touched on the event loop only.
        self._waiting = 0
        self._waiting_bytes = 0
        self._closed = False
        # Set by the writer thread and read on the loop: one reference, replaced whole.
        self._failure: CountersignError | None = None
        self._thread = threading.Thread(target=self._run, name="audit-writer", daemon=True)
        self._thread.start()

    async def submit(self, draft: Draft) -> Recorded:
        """Wait until `draft` is committed. Unavailable when too much waits, or the store has trouble.

        A caller that stops waiting does not take its draft back: it may be recorded all the same.
        """
        self.assert_open()
        answer: asyncio.Future[Recorded] = self._loop.create_future()
        self._waiting += 1
        self._waiting_bytes += draft.byte_size
        self._queue.put(_Ticket(draft, answer))
        return await answer

    def assert_open(self) -> None:
        """Raise Unavailable unless another draft would be taken."""
        if self._closed:
            raise Unavailable("the audit log is closed", retry_after=_RETRY_AFTER)
        if self._waiting >= self._limits.waiting or self._waiting_bytes > self._limits.waiting_bytes:
            raise Unavailable("too many decisions wait to be recorded", retry_after=_RETRY_AFTER)

    @property
    def failure(self) -> CountersignError | None:
        """What kept the latest batch from being recorded; None where it was recorded, and before the first."""
        return self._failure

    async def close(self) -> None:
        """Commit what waits, then stop."""
        self._closed = True
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        going_on = True
        while going_on:
            batch, going_on = self._take()
            if batch:
                self._deliver(batch, self._try([ticket.draft for ticket in batch]))

    def _take(self) -> tuple[list[_Ticket], bool]:
        """Everything that waits, up to a batch; False with it when this was the last."""
        batch: list[_Ticket] = []
        ticket = self._queue.get()
        while ticket is not None:
            batch.append(ticket)
            if len(batch) == self._limits.batch:
                return batch, True
            try:
                ticket = self._queue.get_nowait()
            except queue.Empty:
                return batch, True
        return batch, False

    def _try(self, drafts: list[Draft]) -> list[Outcome]:
        failure: CountersignError | None = None
        outcomes: list[Outcome] = []
        try:
            outcomes = self._commit(drafts)
        except CountersignError as error:
            _LOG.warning("a batch of %d entries was not recorded: %s", len(drafts), error)
            failure = error
        except Exception:  # noqa: BLE001  # the thread must outlive a defect: callers would wait for ever
            _LOG.exception("a defect kept %d entries from being recorded", len(drafts))
            failure = Unavailable("the entry could not be recorded", retry_after=_RETRY_AFTER)
        self._failure = failure
        return outcomes if failure is None else [failure] * len(drafts)

    def _deliver(self, batch: list[_Ticket], outcomes: list[Outcome]) -> None:
        try:
            self._loop.call_soon_threadsafe(self._resolve, batch, outcomes)
        except RuntimeError:  # the loop is closed; nobody waits any more
            _LOG.warning("nobody waited for the outcome of %d entries", len(batch))

    def _resolve(self, batch: list[_Ticket], outcomes: list[Outcome]) -> None:
        for ticket, outcome in zip(batch, outcomes, strict=True):
            self._waiting -= 1
            self._waiting_bytes -= ticket.draft.byte_size
            if ticket.answer.done():  # its caller was cancelled
                continue
            if isinstance(outcome, Recorded):
                ticket.answer.set_result(outcome)
            else:
                ticket.answer.set_exception(outcome)
