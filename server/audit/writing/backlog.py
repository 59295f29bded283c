"""How much work may wait: callers beyond that are told to come back, before anything piles up."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import Unavailable
from server.audit.entries.entry import Draft
from server.audit.writing.appender import Work

_RETRY_AFTER = 1.0
# What an operation holds, roughly: it is small by the API's own limits.
_OPERATION_BYTES = 1024


@dataclass(frozen=True, slots=True)
class GroupLimits:
    """batch: pieces of work in one transaction. waiting: queued or being committed. waiting_bytes: of all of them."""

    batch: int = 512
    waiting: int = 4096
    waiting_bytes: int = 256 << 20


class Backlog:
    """Counts what waits. For one event loop."""

    def __init__(self, limits: GroupLimits) -> None:
        self._limits = limits
        self._count = 0
        self._bytes = 0
        self._closed = False

    def assert_open(self) -> None:
        """Raise Unavailable unless more would be taken."""
        if self._closed:
            raise Unavailable("the audit log is closed", retry_after=_RETRY_AFTER)
        if self._count >= self._limits.waiting or self._bytes > self._limits.waiting_bytes:
            raise Unavailable("too many decisions wait to be recorded", retry_after=_RETRY_AFTER)

    def add(self, work: Work) -> None:
        """One more waits; Unavailable if that is one too many."""
        self.assert_open()
        self._count += 1
        self._bytes += size_of(work)

    def remove(self, work: Work) -> None:
        """What was added waits no more."""
        self._count -= 1
        self._bytes -= size_of(work)

    def close(self) -> None:
        """Take nothing more."""
        self._closed = True


def size_of(work: Work) -> int:
    """Bytes that waiting work holds, roughly."""
    return work.byte_size if isinstance(work, Draft) else _OPERATION_BYTES
