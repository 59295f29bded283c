"""The words of a prompt, so that lists of words can be held against it whatever its spelling.

What is seen through: case, compatibility forms (full width, ligatures, mathematical letters), invisible and control
characters, accents, letters of other scripts that look Latin (Unicode's confusables), and single letters spaced out.
What is not: misspellings, digits for letters, other languages, synonyms, and everything that words mean only together.

This module knows Unicode. It does not know what a word means: that is the policy's.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import chain, groupby

from confusable_homoglyphs import confusables

MAX_WORDS = 2000
"""Of one prompt. Text encoders read far fewer."""
_CLASSES = frozenset("LMN")
"""Unicode's letters, marks and numbers."""
_SPACED_OUT = 3
"""Single letters in a row that are read as one word."""
_PARTS = 16
"""Of one word with invisible characters in it, that are put together in every way."""
_MARK = "\0"
"""Stands for a character that nobody sees, and is one."""
_WHITE_SPACE = frozenset("\t\n\v\f\r\x85")
"""The control characters that everybody takes for a gap (Unicode's White_Space)."""
_IGNORABLE = (
    *(range(0x00AD, 0x00AE), range(0x034F, 0x0350), range(0x061C, 0x061D), range(0x115F, 0x1161)),
    *(range(0x17B4, 0x17B6), range(0x180B, 0x1810), range(0x200B, 0x2010), range(0x202A, 0x202F)),
    *(range(0x2060, 0x2070), range(0x3164, 0x3165), range(0xFE00, 0xFE10), range(0xFEFF, 0xFF00)),
    *(range(0xFFA0, 0xFFA1), range(0xFFF0, 0xFFF9), range(0x1BCA0, 0x1BCA4), range(0x1D173, 0x1D17B)),
    range(0xE0000, 0xE1000),
)
"""Unicode's Default_Ignorable_Code_Point (DerivedCoreProperties.txt). Some of them count as letters: Hangul fillers."""
_BLANK = range(0x2800, 0x2801), range(0xFFFD, 0xFFFE)
"""The empty Braille pattern, and what stands for a character that could not be read."""
_UNSEEN = frozenset(map(chr, chain(*_IGNORABLE, *_BLANK)))


def words_of(text: str) -> list[str] | None:
    """The words in order, each followed by what it looks like where that is another word. None where they are too many
    to judge.

    They are compatibility forms and case folded (NFKC, Unicode's default caseless matching), and split at everything
    that is no letter, mark or number.
    """
    words = _plain_words(text)
    if len(words) > MAX_WORDS:
        return None
    read = [*(reading for word in words for reading in (word, *_readings(word))), *_joined(words)]
    known = frozenset(read)
    return [*read, *dict.fromkeys(word for word in _otherwise(text) if word not in known)]


def count_words(text: str) -> int:
    """How many there are to judge."""
    return len(_plain_words(text))


def _plain_words(text: str) -> list[str]:
    # What nobody sees hides a word from a list and from no reader. NFKC makes none of it out of anything else, so it
    # goes first, before it could keep apart what composes.
    return list(_split("".join(character for character in text if not _is_unseen(character))))


def _otherwise(text: str) -> Iterator[str]:
    """What else the words may be read as where characters stand in them that nobody sees: models drop some of them and
    take others for a gap.
    """
    marked = "".join(_MARK if _is_unseen(character) else character for character in text)
    if _MARK not in marked:
        return
    words = [[part for part in word.split(_MARK) if part] for word in _split(marked)]
    for parts in words:
        yield from _runs(parts)
        yield from _runs([next(_readings(part), part) for part in parts])
    yield from _joined(chain.from_iterable(words))


def _runs(parts: list[str]) -> Iterator[str]:
    """Neighbours put together, at most `_PARTS` of them."""
    for start in range(len(parts)):
        for end in range(start + 1, min(start + _PARTS, len(parts)) + 1):
            yield "".join(parts[start:end])


def _is_unseen(character: str) -> bool:
    # C: controls, formats, and what stands for no character or for one of one's own.
    return character in _UNSEEN or (unicodedata.category(character)[0] == "C" and character not in _WHITE_SPACE)


def _split(text: str) -> Iterator[str]:
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    groups = groupby(folded, key=lambda each: each == _MARK or unicodedata.category(each)[0] in _CLASSES)
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
