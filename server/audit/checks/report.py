"""What fsck found. Bounded: a log that is damaged everywhere must not fill the memory of its examiner."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

_MOST = 1000

Progress: TypeAlias = Callable[[str, int, int], None]
"""Told what is looked at, how many of it are done, and of how many; 0 of 0 where nobody can tell."""


@dataclass(frozen=True, slots=True)
class Damage:
    """One finding. what: "leaf", "tile", "head", "key", "row", "index", "private", "evidence", "erasure", "document",
    "order", "witness", "binding", "history", "store" or "schema".

    index: the log entry it concerns, None where it concerns no single one. detail: for people.
    """

    what: str
    index: int | None
    detail: str


@dataclass(slots=True)
class Summary:
    """What an operator should know, though it is no damage. Counts of entries.

    orphaned: intents older than a day without a decision: work that was lost. erased: lost plaintext to an erasure.
    expired: lost plaintext or evidence to retention alone.
    """

    orphaned: int = 0
    erased: int = 0
    expired: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """size: entries in the log. root: recomputed from the leaves. damages: the first 1000, in the order of the log.

    further: how many more there were.
    """

    size: int
    root: bytes
    damages: tuple[Damage, ...]
    further: int = 0
    summary: Summary = field(default_factory=Summary)

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.damages

    @property
    def first_bad(self) -> int | None:
        """The lowest damaged entry, None if no entry is damaged."""
        return min((damage.index for damage in self.damages if damage.index is not None), default=None)


class Findings:
    """Collects damages, and counts for the summary, while fsck runs."""

    def __init__(self) -> None:
        self.summary = Summary()
        self._damages: list[Damage] = []
        self._further = 0

    def add(self, what: str, index: int | None, detail: str) -> None:
        """Note one damage; after the first thousand they are only counted."""
        if len(self._damages) < _MOST:
            self._damages.append(Damage(what, index, detail))
        else:
            self._further += 1

    def report(self, size: int, root: bytes) -> Report:
        """Everything found, damages of no single entry last."""
        order = sorted(self._damages, key=lambda damage: (damage.index is None, damage.index or 0))
        return Report(size, root, tuple(order), self._further, self.summary)
