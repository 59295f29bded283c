"""The one place where an error becomes a gRPC status with google.rpc details (AIP-193).

Errors outside `core.errors` are defects: the caller learns an id to quote, the log learns the traceback.
"""

from __future__ import annotations

import grpc
from google.protobuf import any_pb2, duration_pb2, message
from google.rpc import code_pb2, error_details_pb2, status_pb2

from core.errors import (
    Cancelled,
    Conflict,
    CountersignError,
    IntegrityError,
    InvalidInput,
    LimitExceeded,
    NotFound,
    PermissionDenied,
    PreconditionFailed,
    Stale,
    Unauthenticated,
    Unavailable,
)

DOMAIN = "countersign.v1"
MAX_TEXT = 300
"""Characters of one text. A status travels in HTTP/2 trailers, and where those exceed some kilobytes the caller gets
none of it; what an error quotes was chosen by the caller.
"""

# The most derived class comes first.
CODES: tuple[tuple[type[CountersignError], int], ...] = (
    (InvalidInput, code_pb2.INVALID_ARGUMENT),
    (LimitExceeded, code_pb2.RESOURCE_EXHAUSTED),
    (NotFound, code_pb2.NOT_FOUND),
    (Stale, code_pb2.ABORTED),
    (Conflict, code_pb2.ALREADY_EXISTS),
    (Unauthenticated, code_pb2.UNAUTHENTICATED),
    (PermissionDenied, code_pb2.PERMISSION_DENIED),
    (IntegrityError, code_pb2.FAILED_PRECONDITION),
    (PreconditionFailed, code_pb2.FAILED_PRECONDITION),
    (Unavailable, code_pb2.UNAVAILABLE),
    (Cancelled, code_pb2.CANCELLED),
)


def code_of(error: BaseException) -> grpc.StatusCode:
    """The status code of an error; INTERNAL for what is not ours."""
    number = next((code for kind, code in CODES if isinstance(error, kind)), code_pb2.INTERNAL)
    return next(code for code in grpc.StatusCode if code.value[0] == number)


def status_of(error: BaseException, support_id: str) -> status_pb2.Status:
    """The status message with its details. `support_id` lets staff find the log line."""
    code = code_of(error).value[0]
    if not isinstance(error, CountersignError):
        text = f"an internal error; quote the support id {support_id}"
        info = error_details_pb2.ErrorInfo(reason="INTERNAL", domain=DOMAIN, metadata={"support_id": support_id})
        return status_pb2.Status(code=code, message=text, details=[pack(info)])
    metadata = {"support_id": support_id}
    details: list[message.Message] = []
    if isinstance(error, (InvalidInput, LimitExceeded)):
        metadata |= {"field": short(error.field), "limit": short(error.limit), "found": short(error.found)}
        violation = error_details_pb2.BadRequest.FieldViolation(field=metadata["field"], description=short(str(error)))
        details.append(error_details_pb2.BadRequest(field_violations=[violation]))
    if isinstance(error, Unavailable):
        delay = duration_pb2.Duration()
        delay.FromMilliseconds(round(error.retry_after * 1000))
        details.append(error_details_pb2.RetryInfo(retry_delay=delay))
    info = error_details_pb2.ErrorInfo(reason=reason_of(error), domain=DOMAIN, metadata=metadata)
    return status_pb2.Status(code=code, message=short(str(error)), details=[pack(each) for each in (info, *details)])


def short(text: str) -> str:
    """The text, cut to MAX_TEXT characters."""
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"


def reason_of(error: CountersignError) -> str:
    """UPPER_SNAKE_CASE of the class name, as AIP-193 asks: CorruptMedia → CORRUPT_MEDIA."""
    name = type(error).__name__
    return "".join(f"_{letter}" if letter.isupper() else letter.upper() for letter in name).lstrip("_")


def pack(detail: message.Message) -> any_pb2.Any:
    """The detail as google.protobuf.Any."""
    packed = any_pb2.Any()
    packed.Pack(detail)
    return packed
