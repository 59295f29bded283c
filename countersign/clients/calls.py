"""What all parts of the client share: the connection, the deadlines, and the names of requests."""

from __future__ import annotations

import uuid

from countersign.connection import Connection
from countersign.v1 import common_pb2

NO_CONTEXT = common_pb2.Context()


class Calls:
    """timeout: seconds for a call with all its attempts; long_timeout: the same for streams and for making media."""

    def __init__(self, connection: Connection, timeout: float, long_timeout: float) -> None:
        self._connection = connection
        self._timeout = timeout
        self._long_timeout = long_timeout


def new_id() -> str:
    """A request_id that nobody used before."""
    return uuid.uuid4().hex
