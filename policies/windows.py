"""From when until when a rule is in force, and for how large a share of the content.

This module knows instants, days and percentages. Neither asks a clock nor rolls dice: time and content come in.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_BUCKETS = 10_000
"""A share counts in hundredths of a percent."""


class NotAMoment(ValueError):
    """A text that is no date and no instant. Its message is for the author of the policy."""


@dataclass(frozen=True, slots=True)
class Window:
    """From `start`, inclusive, to `end`, exclusive; None where a side is open. Both with a zone."""

    start: datetime | None = None
    end: datetime | None = None

    @property
    def always(self) -> bool:
        """Whether it is open on both sides."""
        return self.start is None and self.end is None

    @property
    def empty(self) -> bool:
        """Whether no instant lies in it."""
        return self.start is not None and self.end is not None and self.start >= self.end

    def holds(self, at: datetime) -> bool:
        """Whether the instant lies in it."""
        return (self.start is None or self.start <= at) and (self.end is None or at < self.end)

    def contains(self, other: Window) -> bool:
        """Whether every instant of the other lies in this one."""
        starts = self.start is None or (other.start is not None and self.start <= other.start)
        return starts and (self.end is None or (other.end is not None and other.end <= self.end))


def moment(text: str, *, closing: bool) -> datetime:
    """The instant that a date, or a date with time and zone, stands for.

    A date is a day in UTC: it opens with its first instant and, where `closing`, ends with its last. Raises NotAMoment.
    """
    try:
        if _DAY.fullmatch(text):
            midnight = datetime.combine(datetime.fromisoformat(text), time(), UTC)
            return midnight + timedelta(days=1) if closing else midnight
        instant = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise NotAMoment(f"{text!r} is not a date: write 2026-08-02 or 2026-08-02T09:00:00+02:00") from error
    if instant.tzinfo is None:
        raise NotAMoment(f"{text!r} does not say where it is that late: add Z for UTC, or +02:00")
    return instant


def within(percent: float, rule: str, digest: str) -> bool:
    """Whether the content belongs to the share of a rule.

    It hangs on the content's digest and the rule's id alone, so the same content is always in or always out, and a
    larger share holds everything that a smaller one held.
    """
    drawn = int.from_bytes(hashlib.sha256(f"{rule}\n{digest}".encode()).digest()[:8], "big") % _BUCKETS
    return drawn < percent * (_BUCKETS / 100)
