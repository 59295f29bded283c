"""What a verification reports: one check after the other, each with its result in words.

A verification runs all its steps and reports each; it never raises for what it was given to check. Others may append
checks of their own to the list. A list that is empty, or holds a check that is not ok, proves nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from countersign.verify.errors import VerificationError

_Value = TypeVar("_Value")
_RESERVATIONS = ("NOT PINNED", "NOT CHECKED")


@dataclass(frozen=True, slots=True)
class Check:
    """One step. name: what was checked, in a word. detail: what was found, for people; where nothing speaks against it
    but something that could was not looked at, it begins with what that is, as in "NOT PINNED: …".
    """

    name: str
    ok: bool
    detail: str

    @property
    def reserved(self) -> bool:
        """Whether it is ok only as far as it goes."""
        return self.ok and self.detail.startswith(_RESERVATIONS)


def step(name: str, work: Callable[[], tuple[str, _Value]]) -> tuple[Check, _Value | None]:
    """The check `name` and the value that later steps build on: None when `work` raised VerificationError.

    work: gives what it found, in words, and that value.
    """
    try:
        detail, value = work()
    except VerificationError as error:
        return Check(name, False, str(error)), None
    return Check(name, True, detail), value


def passed(checks: Iterable[Check]) -> bool:
    """Whether there are checks and all are ok."""
    found = list(checks)
    return bool(found) and all(check.ok for check in found)
