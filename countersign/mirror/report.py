"""What an audit of a mirror says."""

from __future__ import annotations

from dataclasses import dataclass, field

# A mirror that is damaged throughout would fill the memory with complaints.
MAX_DAMAGES = 100


class EnoughFound(Exception):
    """So much is damaged that the rest need not be read."""


@dataclass(frozen=True, slots=True)
class Damage:
    """path: the file that is at fault, relative to the mirror. detail: for people."""

    path: str
    detail: str


@dataclass(frozen=True, slots=True)
class Report:
    """origin, size, root: of the mirror's checkpoint, "" and 0 where it cannot be read. root: 32 bytes.

    note: the checkpoint as it lies there. signed: whether a key was given and signed it. entries: how many were held
    against their hashes, None in a mirror of hashes only. complete: False where reading stopped after MAX_DAMAGES.
    """

    origin: str
    size: int
    root: bytes
    note: str
    signed: bool
    entries: int | None
    damages: tuple[Damage, ...]
    complete: bool

    @property
    def ok(self) -> bool:
        """Whether everything that was looked at agrees."""
        return not self.damages


@dataclass(slots=True)
class Findings:
    """Collects damages in the order in which they are found."""

    damages: list[Damage] = field(default_factory=list)

    def add(self, path: str, detail: str) -> None:
        """One more damage; EnoughFound after the last that is kept."""
        self.damages.append(Damage(path, detail))
        if len(self.damages) >= MAX_DAMAGES:
            raise EnoughFound
