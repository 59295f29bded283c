"""The words of a prompt, so that lists of words can be held against it whatever its spelling.

This module knows Unicode. It does not know what a word means: that is the policy's.
"""

from __future__ import annotations

import unicodedata
from itertools import groupby

MAX_WORDS = 2000
"""Of one prompt. Text encoders read far fewer."""
_CLASSES = frozenset("LMN")
"""Unicode's letters, marks and numbers."""


def words_of(text: str) -> list[str] | None:
    """The words in order: compatibility forms and case folded (NFKC, Unicode's default caseless matching), without
    invisible characters, split at everything that is no letter, mark or number. None where they are too many to judge.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    # Zero-width characters hide a word from a list and from no reader.
    visible = (character for character in folded if unicodedata.category(character) != "Cf")
    groups = groupby(visible, key=lambda character: unicodedata.category(character)[0] in _CLASSES)
    words = ["".join(group) for is_word, group in groups if is_word]
    return words if len(words) <= MAX_WORDS else None
