"""Random bytes for ids and salts, drawn from the system in large pieces.

Each call of the system lets another thread run, and costs an append more than everything else about it while the
writer is busy. Knows nothing of what the bytes are for.
"""

from __future__ import annotations

import os

_PIECE = 8192


class Chance:
    """Bytes of `os.urandom`, each handed out once. For one thread, and MUST be made after a fork."""

    def __init__(self) -> None:
        self._bytes = b""
        self._used = 0

    def __call__(self, count: int) -> bytes:
        """`count` fresh bytes."""
        if self._used + count > len(self._bytes):
            self._bytes, self._used = os.urandom(max(_PIECE, count)), 0
        start, self._used = self._used, self._used + count
        return self._bytes[start : self._used]
