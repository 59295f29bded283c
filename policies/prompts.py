"""The words of a prompt, so that lists of words can be held against it whatever its spelling.

What is seen through: case, compatibility forms (full width, ligatures, mathematical letters), invisible characters,
accents, letters of other scripts that look Latin (Unicode's confusables), and single letters spaced out. What is not:
misspellings, digits for letters, other languages, synonyms, and everything that words mean only together.

This module knows Unicode. It does not know what a word means: that is the policy's.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import groupby

from confusable_homoglyphs import confusables

MAX_WORDS = 2000
"""Of one prompt. Text encoders read far fewer."""
_CLASSES = frozenset("LMN")
"""Unicode's letters, marks and numbers."""
_SPACED_OUT = 3
"""Single letters in a row that are read as one word."""


def words_of(text: str) -> list[str] | None:
    """The words in order, each followed by what it looks like where that is another word. None where they are too many
    to judge.

    They are compatibility forms and case folded (NFKC, Unicode's default caseless matching), and split at everything
    that is no letter, mark or number.
    """
    words = list(_split(text))
    if len(words) > MAX_WORDS:
        return None
    read = [reading for word in words for reading in (word, *_readings(word))]
    return [*read, *_joined(words)]


def _split(text: str) -> Iterator[str]:
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    # Zero-width characters hide a word from a list and from no reader.
    visible = (character for character in folded if unicodedata.category(character) != "Cf")
    groups = groupby(visible, key=lambda character: unicodedata.category(character)[0] in _CLASSES)
    return ("".join(group) for is_word, group in groups if is_word)


def _readings(word: str) -> Iterator[str]:
    """What a reader of Latin letters takes a word for, where letters of other scripts or accents stand in it."""
    if word.isascii():
        return
    plain = (_latin().get(each, each) for each in unicodedata.normalize("NFKD", word) if not _is_mark(each))
    reading = "".join(plain)
    if reading and reading.isascii():
        yield reading


def _joined(words: Iterable[str]) -> Iterator[str]:
    """Runs of single letters as one word: "k i t e"."""
    for single, group in groupby(words, key=lambda word: len(word) == 1):
        run = "".join(group)
        if single and len(run) >= _SPACED_OUT:
            yield from (run, *_readings(run))


def _is_mark(character: str) -> bool:
    return unicodedata.category(character).startswith("M")


@cache
def _latin() -> dict[str, str]:
    """The small Latin letter that each look-alike letter stands for (Unicode's confusables.txt)."""
    table: dict[str, str] = {}
    for character, alike in confusables.confusables_data.items():
        latin = [each["c"] for each in alike if len(each["c"]) == 1 and each["c"].isascii() and each["c"].isalpha()]
        if len(character) == 1 and not character.isascii() and unicodedata.category(character)[0] == "L" and latin:
            table[character] = latin[0].lower()
    return table
