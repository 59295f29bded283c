"""A sound log is sound, whatever was done with it rightfully."""

from __future__ import annotations

from tests.audit.fsck.conftest import Log
from tests.audit.fsck.everything import SIZE


def test_a_log_with_everything_in_it_is_sound(whole: Log) -> None:
    report = whole.examine()
    assert (report.damages, report.size, report.first_bad) == ((), SIZE, None)
