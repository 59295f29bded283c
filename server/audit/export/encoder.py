"""What a format has to do: turn decisions into bytes, piece by piece."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from server.audit.reading.queries import History


class Encoder(Protocol):
    """One export in the making. Its methods are called one after the other, from any thread.

    The bytes of all calls, one after the other, are the file. What it holds back between calls MUST be bounded.
    wants_events: whether the histories need their events; each costs the log a query.
    """

    wants_events: bool

    def add(self, histories: Sequence[History]) -> bytes:
        """The next bytes, some of which may be those of earlier decisions."""
        ...

    def end(self) -> bytes:
        """The last bytes."""
        ...
