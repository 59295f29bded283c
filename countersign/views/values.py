"""Single values: enumerations, optional fields, times."""

from __future__ import annotations

from typing import Any

from google.protobuf.message import Message

from countersign.v1 import common_pb2

Json = dict[str, Any]


def enum_name(kind: Any, value: int, prefix: str) -> str | None:
    """The value's name in a generated enum, "ALLOW" of ACTION_ALLOW; None of UNSPECIFIED.

    Of a value that a newer server knows and we do not, its number.
    """
    if value == 0:
        return None
    try:
        return str(kind.Name(value)).removeprefix(prefix)
    except ValueError:
        return str(value)


def action_name(action: int) -> str | None:
    """One of "ALLOW", "LABEL", "REVIEW" and "BLOCK"; None where refused media was not decided on."""
    return enum_name(common_pb2.Action, action, "ACTION_")


def optional(message: Message, field: str) -> Any:
    """The value of an `optional` field, None where it is absent."""
    return getattr(message, field) if message.HasField(field) else None


def state_name(state: int) -> str | None:
    """What people made of a decision: "NONE", "AWAITING", "APPEALED", "RESOLVED", "UPHELD" or "OVERTURNED"."""
    return enum_name(common_pb2.ReviewState, state, "REVIEW_STATE_")


def moment(message: Message, field: str) -> str | None:
    """A timestamp as RFC 3339, None where it is absent."""
    return str(getattr(message, field).ToJsonString()) if message.HasField(field) else None
