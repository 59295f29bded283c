"""Why a witness does not cosign, each with the answer that c2sp.org/tlog-witness prescribes.

Refusal
├── Malformed       400   not the format, or an old size above the checkpoint's
├── NotSigned       403   no trusted key of this log vouches for the checkpoint
├── UnknownLog      404   a log that this witness was not asked to watch
├── Outdated        409   the old size is not what was cosigned last; the answer says what is
├── TwoFaces        409   another tree of the size that was cosigned last
└── Inconsistent    422   the proof does not hold
"""

from __future__ import annotations

from typing import ClassVar


class Refusal(Exception):
    """Root of the tree. status: of HTTP. content_type: of the answer, whose text is `str(refusal)`."""

    status: ClassVar[int]
    content_type: ClassVar[str] = "text/plain; charset=utf-8"


class Malformed(Refusal):
    """The request cannot be read, or contradicts itself."""

    status = 400


class NotSigned(Refusal):
    """The checkpoint is not the log's, as far as the witness's keys tell."""

    status = 403


class UnknownLog(Refusal):
    """The origin is none that the witness watches."""

    status = 404


class Outdated(Refusal):
    """The caller started from another size than the witness has."""

    status = 409
    content_type = "text/x.tlog.size"

    def __init__(self, size: int) -> None:
        """size: of the checkpoint that was cosigned last, 0 if there is none."""
        super().__init__(str(size))


class TwoFaces(Refusal):
    """The log signed two trees of one size."""

    status = 409


class Inconsistent(Refusal):
    """The tree is not shown to extend the one that was cosigned last."""

    status = 422
