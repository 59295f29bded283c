"""Exit codes, and which error ends in which.

0 done · 1 a check failed, or the decision blocks what was to be made · 2 bad usage or unusable input, the caller's to
mend · 3 the server cannot be reached, does not answer in time, or failed · 130 interrupted.
"""

from __future__ import annotations

from enum import IntEnum

from countersign.errors import CorruptAnswer, CountersignError, DeadlineExceeded, ServerFailed, ServerUnavailable


class ExitCode(IntEnum):
    """What a command tells its caller."""

    DONE = 0
    CHECK_FAILED = 1
    UNUSABLE = 2
    UNREACHABLE = 3
    INTERRUPTED = 130


def exit_code_of(error: CountersignError) -> ExitCode:
    """The exit code of a command that ended in this error."""
    match error:
        case CorruptAnswer():
            return ExitCode.CHECK_FAILED
        case ServerUnavailable() | DeadlineExceeded() | ServerFailed():
            return ExitCode.UNREACHABLE
        case _:
            return ExitCode.UNUSABLE
