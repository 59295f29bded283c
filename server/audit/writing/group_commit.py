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
from server.audit.entries.entry import Recorded
from server.audit.writing.appender import Outcome, Work
from server.audit.writing.backlog import Backlog, GroupLimits

_LOG = logging.getLogger(__name__)
_RETRY_AFTER = 1.0


@dataclass(frozen=True, slots=True)
class _Ticket:
    work: Work
    answer: asyncio.Future[Recorded]


class GroupCommit:
    """Takes work from callers of one event loop and hands it to `commit` in batches, on a thread of its own."""

    def __init__(self, commit: Callable[[Sequence[Work]], list[Outcome]], limits: GroupLimits) -> None:
        self._commit = commit
        self._limits = limits
        self._loop = asyncio.get_running_loop()
        self._queue: queue.SimpleQueue[_Ticket | None] = queue.SimpleQueue()
        self._backlog = Backlog(limits)
        # Set by the writer thread and read on the loop: one reference, replaced whole.
        self._failure: CountersignError | None = None
        self._thread = threading.Thread(target=self._run, name="audit-writer", daemon=True)
        self._thread.start()

    async def submit(self, work: Work) -> Recorded:
        """Wait until `work` is committed. Unavailable when too much waits, or the store has trouble.

        A caller that stops waiting does not take its work back: it may be recorded all the same.
        """
        self._backlog.add(work)
        answer: asyncio.Future[Recorded] = self._loop.create_future()
        self._queue.put(_Ticket(work, answer))
        return await answer

    def assert_open(self) -> None:
        """Raise Unavailable unless more work would be taken."""
        self._backlog.assert_open()

    @property
    def failure(self) -> CountersignError | None:
        """What kept the latest batch from being recorded; None where it was recorded, and before the first."""
        return self._failure

    async def close(self) -> None:
        """Commit what waits, then stop."""
        self._backlog.close()
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        going_on = True
        while going_on:
            batch, going_on = self._take()
            if batch:
                self._deliver(batch, self._try([ticket.work for ticket in batch]))

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

    def _try(self, work: list[Work]) -> list[Outcome]:
        failure: CountersignError | None = None
        outcomes: list[Outcome] = []
        try:
            outcomes = self._commit(work)
        except CountersignError as error:
            _LOG.warning("a batch of %d entries was not recorded: %s", len(work), error)
            failure = error
        except Exception:  # noqa: BLE001  # the thread must outlive a defect: callers would wait for ever
            _LOG.exception("a defect kept %d entries from being recorded", len(work))
            if len(work) > 1:
                # Nothing of the batch was recorded. Who brought the defect MUST NOT take the others down with him.
                return [outcome for each in work for outcome in self._try([each])]
            failure = Unavailable("the entry could not be recorded", retry_after=_RETRY_AFTER)
        self._failure = failure
        return outcomes if failure is None else [failure] * len(work)

    def _deliver(self, batch: list[_Ticket], outcomes: list[Outcome]) -> None:
        try:
            self._loop.call_soon_threadsafe(self._resolve, batch, outcomes)
        except RuntimeError:  # the loop is closed; nobody waits any more
            _LOG.warning("nobody waited for the outcome of %d entries", len(batch))

    def _resolve(self, batch: list[_Ticket], outcomes: list[Outcome]) -> None:
        for ticket, outcome in zip(batch, outcomes, strict=True):
            self._backlog.remove(ticket.work)
            if ticket.answer.done():  # its caller was cancelled
                continue
            if isinstance(outcome, Recorded):
                ticket.answer.set_result(outcome)
            else:
                ticket.answer.set_exception(outcome)
