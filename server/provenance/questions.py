"""What the sandboxed signer asks outside: first for a signature, in the bytes to be signed, then for a time stamp."""

from __future__ import annotations

import struct
from dataclasses import dataclass

_ROOM = struct.Struct(">I")
MAX_STAMPED = 64 * 1024
"""Bytes that a time stamp may be asked over; a claim signature has less than a hundredth of it."""


@dataclass(frozen=True, slots=True)
class StampQuestion:
    """Asks for a time stamp over `data`, whose token has at most `room` bytes. The answer is the token or nothing."""

    room: int
    data: bytes

    def encode(self) -> bytes:
        """As it is sent."""
        return _ROOM.pack(self.room) + self.data

    @classmethod
    def parse(cls, question: bytes) -> StampQuestion:
        """As it came. Raises ValueError for what no sound signer asks."""
        if not _ROOM.size < len(question) <= MAX_STAMPED:
            raise ValueError("no question for a time stamp")
        return cls(_ROOM.unpack_from(question)[0], question[_ROOM.size :])
