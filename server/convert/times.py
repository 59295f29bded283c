"""Points in time ↔ google.protobuf.Timestamp."""

from __future__ import annotations

from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp

from core.errors import InvalidInput


def timestamp(moment: datetime) -> Timestamp:
    """A point in time, UTC."""
    message = Timestamp()
    message.FromDatetime(moment)
    return message


def moment(message: Timestamp, field: str) -> datetime:
    """A point in time, timezone-aware UTC. Raises InvalidInput, naming `field`, outside the years 1 to 9999."""
    try:
        return message.ToDatetime(tzinfo=UTC)
    except ValueError as error:
        limit, found = "the years 1 to 9999", f"{message.seconds} s, {message.nanos} ns"
        raise InvalidInput(f"{field} is out of range", field=field, limit=limit, found=found) from error
