"""Page tokens: opaque to callers, checked when they come back, and good only for the filter they were made for.

A token carries no right: for every page the caller's credential says whose list it may read.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct
from dataclasses import dataclass

from core.errors import InvalidInput

_LAYOUT = struct.Struct(">B8sqq")
_VERSION = 1


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a list, newest first: what follows is older. recorded_at: microseconds since 1970, UTC."""

    recorded_at: int
    index: int


def write_token(position: Position, scope: str) -> str:
    """A token for the page after `position`. scope: the list it belongs to, as text."""
    packed = _LAYOUT.pack(_VERSION, _bind(scope), position.recorded_at, position.index)
    return base64.urlsafe_b64encode(packed).decode("ascii").rstrip("=")


def read_token(token: str, scope: str) -> Position:
    """The position in `token`; InvalidInput if it is no token, or one of another list."""
    try:
        packed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        version, bound, recorded_at, index = _LAYOUT.unpack(packed)
    except (ValueError, binascii.Error, struct.error) as error:
        raise InvalidInput("page_token was not made by this service", field="page_token") from error
    if version != _VERSION or bound != _bind(scope):
        raise InvalidInput("page_token belongs to a list with another filter", field="page_token")
    return Position(recorded_at, index)


def _bind(scope: str) -> bytes:
    return hashlib.sha256(scope.encode()).digest()[:8]
