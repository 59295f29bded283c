"""The one error tree of Countersign.

    CountersignError
    ├── InvalidInput                  the caller sent something that cannot be used
    │   ├── UnsupportedMedia          a format we do not read
    │   ├── CorruptMedia              truncated, mislabelled inside, undecodable
    │   └── ParserFailed              the sandboxed parser crashed or hung on it
    ├── LimitExceeded                 larger, longer or costlier than allowed
    │   └── OutOfMemory               the machine's memory does not hold what the work needs
    ├── NotFound                      no such decision, model or rule
    ├── Conflict                      what is to be made is there already, as another: a request_id, an open appeal
    │   └── Stale                     what the caller looked at has changed since
    ├── Unauthenticated               no credential, or one we do not know
    ├── PermissionDenied              a known caller without the role
    ├── PreconditionFailed            the server lacks what the request needs, or its state forbids it
    │   └── IntegrityError            weights, log or policy differ from their pinned digest
    ├── Unavailable                   try again later; says when
    ├── Cancelled                     the caller went away, or its deadline passed
    └── ConfigurationError            start-up cannot go on

One place maps it to gRPC status: `server/status.py`. An exception outside this tree is a defect and exposes
nothing to the caller.
"""

from __future__ import annotations


class CountersignError(Exception):
    """Root of the tree. `str(error)` is safe to show to the caller."""


class InvalidInput(CountersignError):
    """Input that cannot be used; names the field, the limit it broke, and the value found."""

    def __init__(self, message: str, *, field: str, limit: str = "", found: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.limit = limit
        self.found = found


class UnsupportedMedia(InvalidInput):
    """A format outside the allow-list of `core.sniff`."""


class CorruptMedia(InvalidInput):
    """Media whose content cannot be decoded."""


class ParserFailed(InvalidInput):
    """The sandboxed parser crashed or ran out of time or memory on this input; its worker was replaced."""


class LimitExceeded(CountersignError):
    """A declared or measured size above its limit."""

    def __init__(self, message: str, *, field: str, limit: str, found: str) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.limit = limit
        self.found = found


class OutOfMemory(LimitExceeded):
    """Work that was given up because memory ran out. What it held is free again, and other work goes on."""


class NotFound(CountersignError):
    """The named thing does not exist, or not for this caller."""


class Conflict(CountersignError):
    """What the request would make is there already: its request_id, of a different request; an appeal that is open."""


class Stale(Conflict):
    """What the caller looked at has changed since: look again, then decide."""


class Unauthenticated(CountersignError):
    """No credential, or an unknown one."""


class PermissionDenied(CountersignError):
    """The caller is known and lacks the role."""


class PreconditionFailed(CountersignError):
    """The server lacks what the request needs: a model, a weight file, a list.

    Or what is on record does not allow it: a step in the life of a policy that is not due.
    """


class IntegrityError(PreconditionFailed):
    """Content differs from its pinned digest."""


class Unavailable(CountersignError):
    """A dependency is down or a queue is full.

    `retry_after` is in seconds.
    """

    def __init__(self, message: str, *, retry_after: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Cancelled(CountersignError):
    """Work stopped because nobody waits for it any more."""


class ConfigurationError(CountersignError):
    """A setting that the server cannot start with."""
