"""The log, for threads that outlive whoever started them.

A thread that waits for a stranger cannot be ended, and comes back when the log may be closed. Behind a door that was
shut it finds nothing: shutting waits for whoever is inside, which is never somebody who waits for a stranger.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from sqlalchemy import Connection

from core.errors import Unavailable


class Log(Protocol):
    """What is asked of `AuditLog`. Both may raise Unavailable."""

    def reading(self) -> AbstractContextManager[Connection]:
        """A snapshot."""
        ...

    def writing(self) -> AbstractContextManager[Connection]:
        """A transaction that holds the head's lock."""
        ...


class Door:
    """One at a time goes through. Both ways in raise Unavailable once it was shut."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._lock = threading.Lock()
        self._open = True

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A snapshot. Nobody is waited for in it."""
        with self._through(), self._log.reading() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that holds the head's lock. Nobody is waited for in it."""
        with self._through(), self._log.writing() as connection:
            yield connection

    def shut(self) -> None:
        """Return when nobody is inside, and nobody will be any more. Blocks."""
        with self._lock:
            self._open = False

    @contextmanager
    def _through(self) -> Iterator[None]:
        with self._lock:
            if not self._open:
                raise Unavailable("the server stops")
            yield
