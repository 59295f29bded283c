"""What was checked how often, and what was found broken. Kept by workers for themselves, and by the hammer for all."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

_KEPT = 100


@dataclass(frozen=True, slots=True)
class Violation:
    """A promise that was broken. what: the promise, a few words. detail: where and how."""

    what: str
    detail: str


@dataclass(slots=True)
class Findings:
    """checks: by name. refused: answers that were no entries and may come, by name. further: violations past 100."""

    checks: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    violations: list[Violation] = field(default_factory=list)
    further: int = 0

    def check(self, name: str, ok: bool, detail: str) -> None:
        """Count a check, and keep what it found when it failed."""
        self.checks[name] += 1
        if not ok:
            self.broken(name, detail)

    def broken(self, what: str, detail: str) -> None:
        """Keep a violation."""
        if len(self.violations) < _KEPT:
            self.violations.append(Violation(what, detail))
        else:
            self.further += 1

    @property
    def total(self) -> int:
        """Violations."""
        return len(self.violations) + self.further
