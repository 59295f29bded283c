"""What one connection may cost, whatever comes over it. Knows sockets, and nothing of HTTP."""

from __future__ import annotations

import io
import socket
import time
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Limits:
    """body: bytes of a request; 63 hashes and 16 post-quantum signatures fit. seconds, bytes: of a whole connection.

    connections: at one time; more are turned away at once.
    """

    body: int = 128 * 1024
    seconds: float = 30.0
    bytes: int = 1024 * 1024
    connections: int = 64


class Patience(io.RawIOBase):
    """What a connection sends, until its time or its bytes are used up. A single slow byte buys no more time."""

    def __init__(self, connection: socket.socket, limits: Limits) -> None:
        super().__init__()
        self._connection = connection
        self._until = time.monotonic() + limits.seconds
        self._bytes = limits.bytes

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Raises TimeoutError when the time or the bytes are used up."""
        remaining = self._until - time.monotonic()
        if remaining <= 0 or not self._bytes:
            raise TimeoutError("the connection's time or bytes are used up")
        self._connection.settimeout(remaining)
        received = self._connection.recv_into(memoryview(buffer)[: self._bytes])
        self._bytes -= received
        return received
