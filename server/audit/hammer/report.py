"""What a run came to, as values and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from server.audit.hammer.findings import Violation


@dataclass(frozen=True, slots=True)
class Progress:
    """A run so far. seconds: of load. rate: entries/s since it began. p99: milliseconds."""

    seconds: float
    entries: int
    rate: float
    p99: float
    checks: int
    violations: int
    kills: int


@dataclass(frozen=True, slots=True)
class Report:
    """A whole run.

    size: of the log at its end. entries: acknowledged, by kind. rate: entries/s. p50, p99: milliseconds from a call to
    its acknowledgement. checks: by name. refused: answers that were no entries and may come, by name. further:
    violations beyond those listed.
    """

    seconds: float
    size: int
    entries: Mapping[str, int]
    rate: float
    p50: float
    p99: float
    checks: Mapping[str, int]
    refused: Mapping[str, int]
    kills: int
    violations: tuple[Violation, ...]
    further: int

    @property
    def ok(self) -> bool:
        """Whether every promise was kept, and there was something to keep it about."""
        return not self.violations and sum(self.entries.values()) > 0

    def as_json(self) -> dict[str, Any]:
        """The object of `log hammer --json`."""
        return {"ok": self.ok, **asdict(self)}
