"""What a piece of work costs: processor time, and how far memory rose.

Processor time, because machines that measure are shared. Memory is the peak of the process's resident set above what it
held when the work began, as Linux counts it; elsewhere it is not known.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
_RESET_PEAK = "5"  # proc(5), clear_refs


@dataclass(frozen=True, slots=True)
class Cost:
    """seconds: of processor time, over all threads. megabytes: of 2²⁰ bytes; None where it is not known."""

    seconds: float
    megabytes: float | None


def measured(work: Callable[[], T]) -> tuple[T, Cost]:
    """What `work` returns, and its cost."""
    before = _reset_peak()
    begun = time.process_time()
    made = work()
    seconds = time.process_time() - begun
    peak = None if before is None else max(_kilobytes("VmHWM") - before, 0) / 1024
    return made, Cost(seconds, peak)


def _reset_peak() -> int | None:
    """The resident set, KiB, from which the peak is counted from now on; None where no system counts it."""
    try:
        _CLEAR.write_text(_RESET_PEAK)
        return _kilobytes("VmRSS")
    except OSError:
        return None


def _kilobytes(name: str) -> int:
    (value,) = re.findall(rf"^{name}:\s*(\d+) kB$", _STATUS.read_text(), re.MULTILINE)
    return int(value)
