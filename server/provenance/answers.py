"""What a sandboxed signer is told: one signature, and one time stamp if outputs are stamped.

No more than that, so that a worker which a hostile file has taken over gains nothing by asking again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from core.errors import IntegrityError, Unavailable
from server.provenance.questions import StampQuestion


class Stamps(Protocol):
    """Who gives time stamps: `server.provenance.stamper.Stamper`."""

    def stamp(self, data: bytes, room: int) -> bytes:
        """A token, or nothing where one is only preferred. Raises Unavailable where it is required."""
        ...


class Answers:
    """The answers of one trip. stamped: a token was given."""

    def __init__(self, sign: Callable[[bytes], bytes], stamper: Stamps | None) -> None:
        self._sign = sign
        self._stamper = stamper
        self._asked = 0
        self.stamped = False

    def __call__(self, question: bytes) -> bytes:
        """The signature of the first question, then the token of the second.

        Raises Unavailable, caused by what the key raised, or for want of a time stamp.
        """
        self._asked += 1
        if self._asked == 1:
            return self._signature(question)
        if self._asked == 2 and self._stamper is not None:
            return self._token(question, self._stamper)
        raise IntegrityError("the sandbox asked for a second signature")

    def _signature(self, question: bytes) -> bytes:
        try:
            return self._sign(question)
        except Exception as error:
            # Callers learn that there is no signature, and no more: the cause is for the operator, in the logs.
            raise Unavailable("the signing key gave no signature", retry_after=retry_of(error)) from error

    def _token(self, question: bytes, stamper: Stamps) -> bytes:
        try:
            asked = StampQuestion.parse(question)
        except ValueError as error:
            raise IntegrityError("the sandbox asked for something else than a time stamp") from error
        token = stamper.stamp(asked.data, asked.room)
        self.stamped = bool(token)
        return token


def retry_of(error: Exception) -> float:
    """Seconds after which to come back: what the error says, else five."""
    return error.retry_after if isinstance(error, Unavailable) else 5.0
