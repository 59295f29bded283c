"""Time stamps for signatures (RFC 3161): when to ask for one, and what it means that there is none.

With a trusted time stamp a signature outlives its certificate. The authority is asked in the server's own process, with
a deadline and a size limit; who it is, the configuration says, and nothing in a file can change that.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Protocol

import structlog

from core.errors import CountersignError, Unavailable

RETRY = 30.0
"""Seconds after which to come back where an output has to have a time stamp and gets none."""


class TimestampMode(StrEnum):
    """Whether outputs are time-stamped.

    PREFERRED: without an authority they leave without a time stamp, which is logged, counted and recorded.
    REQUIRED: they do not leave.
    """

    OFF = "off"
    PREFERRED = "preferred"
    REQUIRED = "required"


class Tokens(Protocol):
    """Who is asked: `server.audit.outside.authority.Authority`."""

    def token(self, data: bytes) -> bytes:
        """A verified token, DER, over SHA-256 of `data`. Blocks. Raises Unavailable."""
        ...


class Stamper:
    """Has signatures stamped. missed: called once for every output that leaves without a time stamp."""

    def __init__(self, authority: Tokens, *, required: bool, missed: Callable[[], None]) -> None:
        self._authority = authority
        self._required = required
        self._missed = missed

    def try_out(self) -> None:
        """Logs a warning where the authority gives no timestamp now. Blocks. It may well give one later."""
        try:
            self._authority.token(b"countersign: a trial")
        except CountersignError as error:
            structlog.get_logger("countersign").warning(
                "the time-stamping authority gave no timestamp", cause=str(error)
            )

    def stamp(self, data: bytes, room: int) -> bytes:
        """A token over `data` of at most `room` bytes; nothing where none was given and none is required.

        Blocks. Raises Unavailable where one is required.
        """
        try:
            return self._token(data, room)
        except CountersignError as error:
            if self._required:
                raise Unavailable("no timestamp was given for the output", retry_after=RETRY) from error
            structlog.get_logger("countersign").warning("an output leaves without a timestamp", cause=str(error))
            self._missed()
            return b""

    def _token(self, data: bytes, room: int) -> bytes:
        token = self._authority.token(data)
        if len(token) > room:
            raise Unavailable(f"the timestamp has {len(token)} bytes, and the signature has room for {room}")
        return token
