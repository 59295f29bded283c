"""The messages between a worker and its parent, on a socket.

A message is a JSON object and raw bytes; it is never pickled, so a worker that was taken over can lie to its parent
but cannot make it run anything. This module does not know what the messages mean; `core.sandbox.memory` has the media.
"""

from __future__ import annotations

import json
import re
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import LimitExceeded, ParserFailed

HEADER = struct.Struct("!II")
MAX_HEAD = 8 * 1024 * 1024
MAX_BODY = 8 * 1024 * 1024
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


@dataclass(frozen=True, slots=True)
class Message:
    """A JSON object, and bytes that need no description."""

    head: Mapping[str, Any]
    body: bytes = b""


def encode(message: Message) -> bytes:
    """The message as it goes over the socket. Raises LimitExceeded where head or body is too large."""
    head = json.dumps(message.head, ensure_ascii=False).encode("utf-8", "replace")
    for name, size, limit in (("facts", len(head), MAX_HEAD), ("bytes", len(message.body), MAX_BODY)):
        if size > limit:
            raise LimitExceeded(f"too many {name} in one message", field="media", limit=str(limit), found=str(size))
    return HEADER.pack(len(head), len(message.body)) + head + message.body


def sizes(header: bytes) -> tuple[int, int]:
    """Sizes of head and body. Raises ParserFailed where they are out of bounds."""
    head, body = HEADER.unpack(header)
    if head > MAX_HEAD or body > MAX_BODY:
        raise malformed("a message is too large")
    return head, body


def decode(head: bytes, body: bytes) -> Message:
    """The message again. Raises ParserFailed for anything but a JSON object of well-formed text."""
    try:
        value = json.loads(head)
        if _SURROGATE.search(head):  # legal JSON, but no text: it could not be stored or sent on
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise malformed("a message is no JSON") from error
    if not isinstance(value, dict):
        raise malformed("a message is no JSON object")
    return Message(value, body)


def malformed(why: str) -> ParserFailed:
    """The error for an answer that no sound worker gives."""
    return ParserFailed(f"the parser's answer is malformed: {why}", field="media")


def send_blocking(channel: socket.socket, message: Message) -> None:
    """Sends from the worker's side."""
    channel.sendall(encode(message))


def receive_blocking(channel: socket.socket, descriptors: int = 0) -> tuple[Message, list[int]]:
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
