"""Memory files as files to read and to write, so that a large film is not copied into the process that parses it.

Only reads and writes at places are used: nothing of a file's state is asked of the system, which a worker may not do.
"""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from typing import overload

from core.errors import LimitExceeded
from core.sandbox.memory import read_bytes


class MemoryStream(io.RawIOBase):
    """`size` bytes of a memory file from `start`. limit: bytes up to which it may be written; 0 for one to read."""

    def __init__(self, descriptor: int, start: int = 0, size: int = 0, limit: int = 0) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._start = start
        self._limit = limit
        self._at = 0
        self.size = size

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def writable(self) -> bool:
        """Whether it has a limit."""
        return self._limit > 0

    def tell(self) -> int:
        """Where the next byte is read or written."""
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Moves there; behind the end as well."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self.size}[whence]
        if base + offset < 0:
            raise OSError("a place before the beginning")
        self._at = base + offset
        return self._at

    def read(self, size: int | None = -1) -> bytes:
        """Up to `size` bytes, fewer at the end only; all that are left without one."""
        left = max(0, self.size - self._at)
        wanted = left if size is None or size < 0 else min(size, left)
        data = read_bytes(self._descriptor, wanted, self._start + self._at) if wanted else b""
        self._at += len(data)
        return data

    def readinto(self, into: bytearray | memoryview) -> int:  # type: ignore[override]  # any writable buffer does
        """As `read`, into a buffer, whatever its items are."""
        room = memoryview(into).cast("B")
        data = self.read(len(room))
        room[: len(data)] = data
        return len(data)

    def write(self, data: bytes | bytearray | memoryview) -> int:  # type: ignore[override]  # any buffer does
        """Writes all of it. Raises LimitExceeded behind the limit."""
        end = self._at + len(data)
        if end > self._limit:
            found, limit = str(end), str(self._limit)
            raise LimitExceeded("the result is too large", field="media.result", limit=limit, found=found)
        view = memoryview(data)
        while view:
            count = os.pwrite(self._descriptor, view, self._start + self._at)
            self._at += count
            view = view[count:]
            self.size = max(self.size, self._at)
        return len(data)


class Blobs(Sequence[bytes]):
    """Blobs that lie one after another in a memory file; each is read when it is first asked for."""

    def __init__(self, descriptor: int, lengths: Sequence[int]) -> None:
        self._descriptor = descriptor
        self._lengths = tuple(lengths)
        self._starts = tuple(sum(self._lengths[:number]) for number in range(len(self._lengths)))
        self._read: dict[int, bytes] = {}

    def __len__(self) -> int:
        return len(self._lengths)

    @overload
    def __getitem__(self, index: int) -> bytes: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[bytes, ...]: ...
    def __getitem__(self, index: int | slice) -> bytes | tuple[bytes, ...]:
        if isinstance(index, slice):
            return tuple(self[number] for number in range(*index.indices(len(self))))
        number = range(len(self))[index]
        if number not in self._read:
            self._read[number] = read_bytes(self._descriptor, self._lengths[number], self._starts[number])
        return self._read[number]

    def stream(self, index: int) -> MemoryStream:
        """A blob as a file, which is not read into memory."""
        return MemoryStream(self._descriptor, self._starts[index], self._lengths[index])
