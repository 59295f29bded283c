"""The words that a model of a closed vocabulary was taught. Others are read as pieces, and give something arbitrary.

How many of a prompt's words are others is reported, and not which: the record keeps what is reported, and prompts are
the business of who wrote them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from core.errors import IntegrityError
from generators.base import Value

FILE = "words.txt"
"""In a model's folder: UTF-8, one word in lower case a line."""
_WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class Lexicon:
    """words: in lower case."""

    words: frozenset[str]

    def unknown(self, text: str) -> int:
        """How many words of a prompt the model was not taught, each as often as it stands there."""
        return sum(word not in self.words for word in words_in(text))

    def notes(self, text: str) -> dict[str, Value]:
        """What is reported of an output."""
        return {"unknown_words": self.unknown(text)}


def words_in(text: str) -> list[str]:
    """The words, in lower case. A hyphen joins, all other signs part; figures alone, such as a weight's, are none."""
    return [word for word in _WORD.findall(text.casefold()) if not word.isdecimal()]


def load(path: Path) -> Lexicon:
    """The words of a folder whose digests were checked. Raises IntegrityError for a file that holds none."""
    try:
        words = frozenset(path.read_text(encoding="utf-8").split())
    except UnicodeDecodeError as error:
        raise IntegrityError(f"{path.name} is not UTF-8 text") from error
    if not words:
        raise IntegrityError(f"{path.name} holds no words")
    return Lexicon(words)
