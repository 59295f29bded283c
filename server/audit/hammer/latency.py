"""Percentiles of waits in constant memory: a histogram whose classes grow by 5%."""

from __future__ import annotations

import math
from collections import Counter

_STEP = math.log(1.05)


class Latency:
    """Waits in microseconds. What it answers is right within 5%."""

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()

    def add(self, microseconds: int) -> None:
        """One wait."""
        self._counts[int(math.log(max(1, microseconds)) / _STEP)] += 1

    def percentile(self, share: float) -> float:
        """Milliseconds within which `share` of the waits ended, 0 < share <= 1; 0 before the first."""
        wanted, seen = share * self._counts.total(), 0
        for class_, count in sorted(self._counts.items()):
            seen += count
            if seen >= wanted:
                return math.exp((class_ + 0.5) * _STEP) / 1000
        return 0.0
