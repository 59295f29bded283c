"""Every operation by name, for the socket between processes: one line an operation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from core.errors import InvalidInput
from server.audit.operations.appeal import Appeal
from server.audit.operations.base import Operation
from server.audit.operations.configure import Configure
from server.audit.operations.erase import Erase
from server.audit.operations.policy import PolicyChange
from server.audit.operations.retain import Retain
from server.audit.operations.review import Review

OPERATIONS: Mapping[str, type[Any]] = {
    "review": Review,
    "appeal": Appeal,
    "erasure": Erase,
    "retention": Retain,
    "configuration": Configure,
    "policy": PolicyChange,
}


def write_operation(operation: Operation) -> dict[str, Any]:
    """An operation as plain values."""
    return {"operation": operation.kind, "fields": asdict(operation)}  # type: ignore[call-overload]


def read_operation(value: Mapping[str, Any]) -> Operation:
    """The inverse of `write_operation`; InvalidInput for an operation that this release does not know."""
    kind = OPERATIONS.get(str(value.get("operation")))
    if kind is None:
        raise InvalidInput("an unknown operation", field="operation", found=str(value.get("operation")))
    try:
        made: Operation = kind(**value["fields"])
    except (KeyError, TypeError) as error:
        raise InvalidInput("an operation with other fields", field="fields") from error
    return made
