"""The right to write an SQLite database, as an advisory lock on a file beside it.

SQLite lets several processes write in turn, and starves some of them under load; here exactly one writes.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


class WriterLock:
    """The lock of one database. The kernel drops it when its holder dies, however it dies."""

    def __init__(self, database: Path) -> None:
        self._path = database.with_name(database.name + ".lock")
        self._descriptor: int | None = None

    @property
    def held(self) -> bool:
        """Whether this object holds the lock."""
        return self._descriptor is not None

    def take(self) -> bool:
        """Take the lock, without waiting; False while another process, or another object of this one, holds it."""
        if self._descriptor is None:
            self._descriptor = self._lock(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        return self.held

    def release(self) -> None:
        """Give the lock back, if it is held."""
        # Forgotten before it is closed: the number may be another file's right afterwards.
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def _lock(self, descriptor: int) -> int | None:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return None
        return descriptor
