"""What can go wrong between a client and its server, as one tree.

    CountersignError
    ├── InvalidRequest         the server, or this client before asking, refuses the input; names field, limit, found
    │   ├── LimitExceeded      larger, longer or costlier than the server allows
    │   └── UnusableFile       a local file that is missing, empty, a directory or not readable
    ├── NotFound               no such decision or model
    ├── Conflict               what is to be made is there already, as another: a request_id, an open appeal
    │   └── Stale              what the caller looked at has changed since
    ├── Unauthorized           no token, or one that the server does not know
    │   └── Forbidden          a known caller without the role
    ├── PreconditionFailed     the server lacks what the request needs, or its state forbids it
    ├── ServerUnavailable      not reachable, or asks to be tried again later
    ├── DeadlineExceeded       no answer in time; the work may have been done
    ├── Cancelled              the call was cancelled
    ├── ServerFailed           a defect of the server; `support_id` finds it in its log
    ├── CorruptAnswer          the answer contradicts itself, for example bytes that do not match their digest
    └── ConfigurationError     a setting that no call can be made with

`countersign.status` makes them of gRPC statuses. Knows nothing of gRPC or of exit codes.
"""

from __future__ import annotations


class CountersignError(Exception):
    """Root of the tree.

    code: name of the gRPC status code, also of errors found before any call. reason: the server's UPPER_SNAKE_CASE
    reason ("CORRUPT_MEDIA"). field, limit, found: what was refused, the bound and the value, empty when unknown.
    retry_after: seconds the server asks to wait, None when it did not say. support_id: quote it to the operator.
    """

    code = "UNKNOWN"

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        reason: str = "",
        field: str = "",
        limit: str = "",
        found: str = "",
        retry_after: float | None = None,
        support_id: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.reason = reason
        self.field = field
        self.limit = limit
        self.found = found
        self.retry_after = retry_after
        self.support_id = support_id


class InvalidRequest(CountersignError):
    """Input that cannot be used."""

    code = "INVALID_ARGUMENT"


class LimitExceeded(InvalidRequest):
    """A size or a quota above its limit."""

    code = "RESOURCE_EXHAUSTED"


class UnusableFile(InvalidRequest):
    """A local file that cannot be sent, or a path that cannot be written."""


class NotFound(CountersignError):
    """The named thing does not exist, or not for this caller."""

    code = "NOT_FOUND"


class Conflict(CountersignError):
    """What the request would make is there already: its request_id, of a different request; an appeal that is open."""

    code = "ALREADY_EXISTS"


class Stale(Conflict):
    """The decision has changed since it was looked at: look again."""

    code = "ABORTED"


class Unauthorized(CountersignError):
    """No token, or an unknown one."""

    code = "UNAUTHENTICATED"


class Forbidden(Unauthorized):
    """The token is known, but lacks the role."""

    code = "PERMISSION_DENIED"


class PreconditionFailed(CountersignError):
    """The server lacks what the request needs, or what is on record does not allow it."""

    code = "FAILED_PRECONDITION"


class ServerUnavailable(CountersignError):
    """The one error that is worth the same request again."""

    code = "UNAVAILABLE"


class DeadlineExceeded(CountersignError):
    """The deadline passed first. Ask again with the same request_id to learn what became of it."""

    code = "DEADLINE_EXCEEDED"


class Cancelled(CountersignError):
    """The call was given up, here or there."""

    code = "CANCELLED"


class ServerFailed(CountersignError):
    """A defect of the server, or a method that it does not have."""

    code = "INTERNAL"


class CorruptAnswer(CountersignError):
    """What arrived cannot be what was meant. It MUST NOT be used."""

    code = "DATA_LOSS"


class ConfigurationError(CountersignError):
    """A missing, misspelt or unsafe setting."""

    code = "INVALID_ARGUMENT"
