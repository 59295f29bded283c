"""Media and arrays in files that exist in memory alone, which a worker and its parent both hold.

Arrays are described by JSON beside them; `read_arrays` checks every number of it before it is used, and
`read_memory` copies, so that nothing changes after it was checked. Does not know what the arrays mean.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import LimitExceeded, ParserFailed
from core.sandbox.wire import malformed

_DTYPES = frozenset({"|u1", "|i1", "<u2", "<i2", "<u4", "<i4", "<i8", "<f4", "<f8"})
_MAX_DIMENSIONS = 6
_MAX_ARRAYS = 256
_ALIGNMENT = 64
_CHUNK = 1 << 30  # Linux reads and writes at most 2 GiB at once


@contextmanager
def memory_file(name: str) -> Iterator[int]:
    """The descriptor of an empty file that exists in memory alone and vanishes with its last user."""
    descriptor = os.memfd_create(name, os.MFD_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def write_blobs(descriptor: int, blobs: Sequence[bytes]) -> None:
    """Writes the blobs one after another into a memory file."""
    at = 0
    for blob in blobs:
        write_at(descriptor, memoryview(blob), at)
        at += len(blob)


def read_bytes(descriptor: int, length: int, offset: int) -> bytes:
    """`length` bytes, without the copy that a buffer would cost, wherever one read suffices.

    Raises EOFError where the file is shorter.
    """
    data = os.pread(descriptor, length, offset)
    while len(data) < length:
        piece = os.pread(descriptor, length - len(data), offset + len(data))
        if not piece:
            raise EOFError
        data += piece
    return data


def write_arrays(
    descriptor: int, arrays: Mapping[str, NDArray[Any]], start: int, limit: int
) -> tuple[list[dict[str, Any]], int]:
    """Appends arrays to a memory file from offset `start`; returns their descriptions and the end.

    Raises ParserFailed for an array of another type than plain numbers, LimitExceeded where the end is behind `limit`.
    """
    described = []
    for name, array in arrays.items():
        plain = np.ascontiguousarray(array)
        if plain.dtype.str not in _DTYPES:
            raise ParserFailed(f"the parser gave an array of type {plain.dtype}", field="media")
        offset = -(-start // _ALIGNMENT) * _ALIGNMENT if plain.nbytes else 0
        if offset + plain.nbytes > limit:
            found = str(offset + plain.nbytes)
            raise LimitExceeded("the result is too large", field="media.result", limit=str(limit), found=found)
        write_at(descriptor, plain.reshape(-1).view(np.uint8).data, offset)
        described.append({"name": name, "dtype": plain.dtype.str, "shape": list(array.shape), "offset": offset})
        start = max(start, offset + plain.nbytes)
    return described, start


def read_arrays(described: Any, memory: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
    """The arrays that a worker says it wrote, as views of `memory`; nothing of the description is trusted.

    memory: uint8, shape (n,): all that the worker wrote. Raises ParserFailed for any description that does not fit.
    """
    if not isinstance(described, list) or len(described) > _MAX_ARRAYS:
        raise malformed("no list of arrays")
    return dict(_read_array(entry, memory) for entry in described)


def _read_array(entry: Any, memory: NDArray[np.uint8]) -> tuple[str, NDArray[Any]]:
    if not isinstance(entry, dict) or not isinstance(name := entry.get("name"), str):
        raise malformed("an array without a name")
    code, shape, offset = (entry.get(key, "") for key in ("dtype", "shape", "offset"))
    if not isinstance(code, str) or code not in _DTYPES:
        raise malformed("an array of an unknown type")
    dtype = np.dtype(code)
    if not isinstance(shape, list) or len(shape) > _MAX_DIMENSIONS or not all(map(_is_size, [*shape, offset])):
        raise malformed("an array without a shape and place")
    end = offset + math.prod(shape) * dtype.itemsize
    if end > memory.size or offset % _ALIGNMENT:
        raise malformed("an array outside the memory that was written")
    return name, memory[offset:end].view(dtype).reshape(shape)


def _is_size(value: Any) -> bool:
    return type(value) is int and 0 <= value < 1 << 48


def read_memory(descriptor: int, limit: int, skipped: int = 0) -> NDArray[np.uint8]:
    """A copy of a memory file, so that nobody can change it afterwards. Raises ParserFailed above `limit` bytes.

    skipped: bytes at its beginning that are left out of the copy, and mean nothing in it.
    """
    size = os.fstat(descriptor).st_size
    if size > limit or skipped > size:
        raise malformed("more or less was written than is allowed")
    memory = np.empty(size, dtype=np.uint8)
    try:
        read_at(descriptor, memory.data[skipped:], skipped)
    except EOFError as error:
        raise malformed("the memory shrank while it was read") from error
    return memory


def read_file(descriptor: int, size: int, limit: int) -> bytes:
    """A copy of the first `size` bytes. Raises ParserFailed above `limit`, and where there are fewer."""
    if size > limit:
        raise malformed("a file is too large")
    try:
        return read_bytes(descriptor, size, 0)
    except EOFError as error:
        raise malformed("a file is shorter than it says") from error


def write_at(descriptor: int, data: memoryview, offset: int) -> None:
    """Writes all of `data`."""
    for piece in _pieces(data):
        at = 0
        while at < len(piece):
            at += os.pwrite(descriptor, piece[at:], offset + at)
        offset += len(piece)


def read_at(descriptor: int, into: memoryview, offset: int) -> None:
    """Fills all of `into`. Raises EOFError where the file is shorter."""
    for piece in _pieces(into):
        at = 0
        while at < len(piece):
            count = os.preadv(descriptor, [piece[at:]], offset + at)
            if count == 0:
                raise EOFError
            at += count
        offset += len(piece)


def _pieces(data: memoryview) -> Iterator[memoryview]:
    return (data[at : at + _CHUNK] for at in range(0, len(data), _CHUNK))
