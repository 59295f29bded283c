"""The one place where a gRPC status becomes a client error, by its google.rpc details (AIP-193).

Knows status codes and details. Does not retry: see `countersign.retry`.
"""

from __future__ import annotations

from typing import Any, TypeVar

import grpc
from google.protobuf.message import DecodeError, Message
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from countersign.errors import (
    Cancelled,
    Conflict,
    CountersignError,
    DeadlineExceeded,
    Forbidden,
    InvalidRequest,
    LimitExceeded,
    NotFound,
    PreconditionFailed,
    ServerFailed,
    ServerUnavailable,
    Stale,
    Unauthorized,
)

KINDS: dict[grpc.StatusCode, type[CountersignError]] = {
    grpc.StatusCode.INVALID_ARGUMENT: InvalidRequest,
    grpc.StatusCode.OUT_OF_RANGE: InvalidRequest,
    grpc.StatusCode.RESOURCE_EXHAUSTED: LimitExceeded,
    grpc.StatusCode.NOT_FOUND: NotFound,
    grpc.StatusCode.ALREADY_EXISTS: Conflict,
    grpc.StatusCode.ABORTED: Stale,
    grpc.StatusCode.UNAUTHENTICATED: Unauthorized,
    grpc.StatusCode.PERMISSION_DENIED: Forbidden,
    grpc.StatusCode.FAILED_PRECONDITION: PreconditionFailed,
    grpc.StatusCode.UNAVAILABLE: ServerUnavailable,
    grpc.StatusCode.DEADLINE_EXCEEDED: DeadlineExceeded,
    grpc.StatusCode.CANCELLED: Cancelled,
}

M = TypeVar("M", bound=Message)


def error_of(failed: Any) -> CountersignError:
    """The client error of a failed call (`grpc.RpcError` that is also `grpc.Call`)."""
    code: grpc.StatusCode = failed.code()
    status = details_of(failed)
    info = detail(status, error_details_pb2.ErrorInfo)
    retry = detail(status, error_details_pb2.RetryInfo)
    request = detail(status, error_details_pb2.BadRequest)
    violation = request.field_violations[0] if request and request.field_violations else None
    metadata = dict(info.metadata) if info else {}
    return KINDS.get(code, ServerFailed)(
        message_of(failed, by_server=bool(status.details)),
        code=code.name,
        reason=info.reason if info else "",
        field=metadata.get("field") or (violation.field if violation else ""),
        limit=metadata.get("limit", ""),
        found=metadata.get("found", ""),
        retry_after=retry.retry_delay.ToTimedelta().total_seconds() if retry else None,
        support_id=metadata.get("support_id", ""),
    )


def message_of(failed: Any, *, by_server: bool) -> str:
    """What to tell people. UNAVAILABLE without details is the transport's own word: no server was reached."""
    code: grpc.StatusCode = failed.code()
    text = failed.details() or f"{code.name} without a message"
    if code is grpc.StatusCode.UNAVAILABLE and not by_server:
        return f"the server cannot be reached ({text}); `countersign serve` starts one, COUNTERSIGN_ADDRESS says where"
    return str(text)


def details_of(failed: Any) -> status_pb2.Status:
    """The google.rpc.Status of a failed call; an empty one where a proxy or gRPC itself answered without it."""
    try:
        return rpc_status.from_call(failed) or status_pb2.Status()
    except (ValueError, DecodeError):
        # Details that contradict the status, or are no Status, are not believed; code and message remain.
        return status_pb2.Status()


def detail(status: status_pb2.Status, kind: type[M]) -> M | None:
    """The first detail of this type."""
    for packed in status.details:
        if packed.Is(kind.DESCRIPTOR):
            message = kind()
            packed.Unpack(message)
            return message
    return None
