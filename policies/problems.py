"""What is wrong with a policy document, said so that a person who writes rules can mend it.

This module knows positions and sentences. It does not know the language: those who find problems do.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a text. line and column count from 1; a column counts code points."""

    line: int = 1
    column: int = 1


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that keeps a policy from being loaded.

    source: name of the document. rule: id of the rule, empty where the document itself is at fault. hint: what to do
    about it, empty where the message says all.
    """

    source: str
    position: Position
    message: str
    rule: str = ""
    hint: str = ""

    def __str__(self) -> str:
        where = f"{self.source}:{self.position.line}:{self.position.column}"
        who = f" rule {self.rule!r}:" if self.rule else ""
        return f"{where}:{who} {self.message}" + (f" ({self.hint})" if self.hint else "")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The hint for a misspelt word: the nearest known one, or, where none is near, all of them if they are few."""
    words = sorted(str(item) for item in known)
    near = difflib.get_close_matches(word, words, n=1, cutoff=0.6)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"known: {', '.join(words)}" if words and len(words) <= 16 else ""
