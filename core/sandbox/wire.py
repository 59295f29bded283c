"""What passes between a worker and its parent: frames on a socket, media and arrays in memory files.

A frame is a JSON object and raw bytes; it is never pickled, so a worker that was taken over can lie to its parent
but cannot make it run anything. Arrays lie in a memory file, described by the frame; `read_arrays` checks every
number before it is used. This module does not know what the frames mean.
"""

from __future__ import annotations

import json
import math
import os
import re
import socket
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import LimitExceeded, ParserFailed

HEADER = struct.Struct("!II")
MAX_HEAD = 8 * 1024 * 1024
MAX_BODY = 8 * 1024 * 1024
_DTYPES = frozenset({"|u1", "|i1", "<u2", "<i2", "<u4", "<i4", "<i8", "<f4", "<f8"})
_MAX_DIMENSIONS = 6
_MAX_ARRAYS = 256
_ALIGNMENT = 64
_CHUNK = 1 << 30  # Linux reads and writes at most 2 GiB at once
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


@dataclass(frozen=True, slots=True)
class Frame:
    """One message: a JSON object, and bytes that need no description."""

    head: Mapping[str, Any]
    body: bytes = b""


def encode(frame: Frame) -> bytes:
    """The frame as it goes over the socket. Raises LimitExceeded where head or body is too large."""
    head = json.dumps(frame.head, ensure_ascii=False).encode("utf-8", "replace")
    for name, size, limit in (("facts", len(head), MAX_HEAD), ("bytes", len(frame.body), MAX_BODY)):
        if size > limit:
            raise LimitExceeded(f"too many {name} in one message", field="media", limit=str(limit), found=str(size))
    return HEADER.pack(len(head), len(frame.body)) + head + frame.body


def sizes(header: bytes) -> tuple[int, int]:
    """Sizes of head and body. Raises ParserFailed where they are out of bounds."""
    head, body = HEADER.unpack(header)
    if head > MAX_HEAD or body > MAX_BODY:
        raise malformed("a frame is too large")
    return head, body


def decode(head: bytes, body: bytes) -> Frame:
    """The frame again. Raises ParserFailed for anything but a JSON object of well-formed text."""
    try:
        value = json.loads(head)
        if _SURROGATE.search(head):  # legal JSON, but no text: it could not be stored or sent on
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise malformed("a frame is no JSON") from error
    if not isinstance(value, dict):
        raise malformed("a frame is no JSON object")
    return Frame(value, body)


def malformed(why: str) -> ParserFailed:
    """The error for an answer that no sound worker gives."""
    return ParserFailed(f"the parser's answer is malformed: {why}", field="media")


def send_blocking(channel: socket.socket, frame: Frame) -> None:
    """Sends from the worker's side."""
    channel.sendall(encode(frame))


def receive_blocking(channel: socket.socket, descriptors: int = 0) -> tuple[Frame, list[int]]:
    """Receives on the worker's side, with up to `descriptors` file descriptors. Raises EOFError at the end."""
    header, received, _, _ = socket.recv_fds(channel, HEADER.size, descriptors)
    header += _receive_exactly(channel, HEADER.size - len(header))
    head, body = HEADER.unpack(header)
    return decode(_receive_exactly(channel, head), _receive_exactly(channel, body)), received


def _receive_exactly(channel: socket.socket, size: int) -> bytes:
    data = bytearray(size)
    view, at = memoryview(data), 0
    while at < size:
        count = channel.recv_into(view[at:])
        if count == 0:
            raise EOFError
        at += count
    return bytes(data)


def write_blobs(descriptor: int, blobs: Sequence[bytes]) -> None:
    """Writes the blobs one after another into a memory file."""
    at = 0
    for blob in blobs:
        write_at(descriptor, memoryview(blob), at)
        at += len(blob)


def read_blobs(descriptor: int, lengths: Sequence[int]) -> tuple[bytes, ...]:
    """The blobs again."""
    blobs = []
    at = 0
    for length in lengths:
        blobs.append(_read_bytes(descriptor, length, at))
        at += length
    return tuple(blobs)


def _read_bytes(descriptor: int, length: int, offset: int) -> bytes:
    """Without the copy that a buffer would cost, wherever one read suffices."""
    data = os.pread(descriptor, length, offset)
    while len(data) < length:
        piece = os.pread(descriptor, length - len(data), offset + len(data))
        if not piece:
            raise EOFError
        data += piece
    return data


def write_arrays(descriptor: int, arrays: Mapping[str, NDArray[Any]], start: int) -> tuple[list[dict[str, Any]], int]:
    """Appends arrays to a memory file from offset `start`; returns their descriptions and the end.

    Raises ParserFailed for an array of another type than plain numbers.
    """
    described = []
    for name, array in arrays.items():
        plain = np.ascontiguousarray(array)
        if plain.dtype.str not in _DTYPES:
            raise ParserFailed(f"the parser gave an array of type {plain.dtype}", field="media")
        start = -(-start // _ALIGNMENT) * _ALIGNMENT
        write_at(descriptor, plain.reshape(-1).view(np.uint8).data, start)
        described.append({"name": name, "dtype": plain.dtype.str, "shape": list(array.shape), "offset": start})
        start += plain.nbytes
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
    if entry.get("dtype") not in _DTYPES:
        raise malformed("an array of an unknown type")
    dtype = np.dtype(entry["dtype"])
    shape: Any = entry.get("shape")
    offset: Any = entry.get("offset")
    if not isinstance(shape, list) or len(shape) > _MAX_DIMENSIONS or not all(map(_is_size, [*shape, offset])):
        raise malformed("an array without a shape and place")
    end = offset + math.prod(shape) * dtype.itemsize
    if end > memory.size or offset % _ALIGNMENT:
        raise malformed("an array outside the memory that was written")
    return name, memory[offset:end].view(dtype).reshape(shape)


def _is_size(value: Any) -> bool:
    return type(value) is int and 0 <= value < 1 << 48


def read_memory(descriptor: int, limit: int) -> NDArray[np.uint8]:
    """A copy of a memory file, so that nobody can change it afterwards. Raises ParserFailed above `limit` bytes."""
    size = os.fstat(descriptor).st_size
    if size > limit:
        raise malformed("more was written than is allowed")
    memory = np.empty(size, dtype=np.uint8)
    try:
        read_at(descriptor, memory.data, 0)
    except EOFError as error:
        raise malformed("the memory shrank while it was read") from error
    return memory


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
