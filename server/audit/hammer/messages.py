"""What workers tell the process that started them: one line of JSON each, at most PIPE_BUF long.

A pipe takes so short a line whole or not at all, so that a worker that is killed leaves no half of one. Named tuples,
because ten thousand of them go by in a second and a frozen dataclass takes several times as long to make.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

from core.errors import IntegrityError

MAX_LINE = 4096
"""PIPE_BUF of Linux (pipe(7)), bytes."""
_DETAIL = 1000


class Ready(NamedTuple):
    """The worker has opened the log."""


class Acknowledged(NamedTuple):
    """The log said that an entry stands at `log_index`.

    leaf: SHA-256 of its bytes, hexadecimal. recorded_at: microseconds since 1970. waited: microseconds from the call
    to the answer. fresh: as the log said. number: of the worker's own requests, -1 for others. subject: as disclosed,
    "" where it is not. about: the decision that a review or an appeal refers to; the subject of an erasure.
    """

    log_index: int
    decision_id: str
    kind: str
    tenant: str
    request_id: str
    leaf: str
    recorded_at: int
    waited: int
    fresh: bool
    number: int = -1
    subject: str = ""
    about: str = ""


class Seen(NamedTuple):
    """A checkpoint that the worker was given, as a signed note."""

    note: str


class Checked(NamedTuple):
    """Checks that the worker made since it last said so, and answers that were no entries, by their names."""

    checks: dict[str, int]
    refused: dict[str, int]


class Broken(NamedTuple):
    """A promise was broken. what: the promise, a few words. detail: where."""

    what: str
    detail: str


Message: TypeAlias = Ready | Acknowledged | Seen | Checked | Broken
_KINDS: Mapping[str, type[Any]] = {kind.__name__: kind for kind in (Ready, Acknowledged, Seen, Checked, Broken)}


def write(message: Message) -> bytes:
    """One line. Long details are cut."""
    if isinstance(message, Broken):
        message = Broken(message.what, message.detail[:_DETAIL])
    line = json.dumps([type(message).__name__, *message], separators=(",", ":")).encode() + b"\n"
    if len(line) > MAX_LINE:
        raise IntegrityError(f"a message of {len(line)} bytes would not cross the pipe in one piece")
    return line


def read(line: bytes) -> Message:
    """The inverse of `write`."""
    name, *values = json.loads(line)
    message: Message = _KINDS[name](*values)
    return message
