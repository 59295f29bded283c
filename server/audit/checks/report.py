"""What fsck found. Bounded: a log that is damaged everywhere must not fill the memory of its examiner."""

from __future__ import annotations

from dataclasses import dataclass

_MOST = 1000


@dataclass(frozen=True, slots=True)
class Damage:
    """One finding. what: "leaf", "tile", "head", "row", "evidence", "order", "store", "schema" or "history".

    index: the log entry it concerns, None where it concerns no single one. detail: for people.
    """

    what: str
    index: int | None
    detail: str


@dataclass(frozen=True, slots=True)
class Report:
    """size: entries in the log. root: recomputed from the leaves. damages: the first 1000, in the order of the log.

    further: how many more there were.
    """

    size: int
    root: bytes
    damages: tuple[Damage, ...]
    further: int = 0

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.damages

    @property
    def first_bad(self) -> int | None:
        """The lowest damaged entry, None if no entry is damaged."""
        return min((damage.index for damage in self.damages if damage.index is not None), default=None)


class Findings:
    """Collects damages while fsck runs."""

    def __init__(self) -> None:
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
        return Report(size, root, tuple(order), self._further)
