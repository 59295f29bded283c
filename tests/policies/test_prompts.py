"""Words of prompts: whatever the spelling, a listed word is found; and an ordinary prompt is not made into another."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.prompts import MAX_WORDS, words_of

WORD = st.text("abcdefghijklmnopqrstuvwxyz", min_size=3, max_size=12)
INVISIBLE = [
    *("\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u202e", "\u034f", "\u180b", "\ufe0f", "\U000e0041"),
    *(
        "\x00",
        "\x01",
        "\x1f",
        "\x7f",
        "\x9f",
        "\u115f",
        "\u1160",
        "\u3164",
        "\uffa0",
        "\u2800",
        "\ufffd",
        "\ue000",
        "\uffff",
    ),
]
LOOKALIKE = {"a": "а", "c": "с", "e": "е", "i": "і", "o": "о", "p": "р", "s": "ѕ", "x": "х", "y": "у"}
"""Cyrillic letters that look Latin."""
LIMITS = settings(max_examples=50, deadline=None)


@st.composite
def disguised(draw: st.DrawFn) -> tuple[str, str]:
    """A word, and the same word as somebody might write it to get past a list."""
    word = draw(WORD)
    letters = []
    for letter in word:
        look = draw(st.sampled_from(["plain", "upper", "wide", "other script", "accent", "invisible"]))
        wide = chr(ord(letter) + 0xFEE0)
        accented = unicodedata.normalize("NFC", letter + draw(st.sampled_from(["\u0301", "\u0308", "\u0327"])))
        told = {
            "upper": letter.upper(),
            "wide": wide,
            "other script": LOOKALIKE.get(letter, letter),
            "accent": accented,
        }
        hidden = letter + draw(st.sampled_from(INVISIBLE))
        letters.append(hidden if look == "invisible" else told.get(look, letter))
    return word, "".join(letters)


@LIMITS
@given(disguised(), WORD, WORD)
def test_a_word_is_found_in_every_disguise(pair: tuple[str, str], before: str, after: str) -> None:
    word, written = pair
    found = words_of(f"{before}, {written} – {after}!")
    assert found is not None
    assert word in found


@LIMITS
@given(WORD)
def test_single_letters_spaced_out_are_a_word(word: str) -> None:
    found = words_of(" ".join(word))
    assert found is not None
    assert word in found


@LIMITS
@given(st.lists(WORD, max_size=8))
def test_plain_words_are_just_themselves(words: list[str]) -> None:
    assert words_of(" ".join(words)) == words


@LIMITS
@given(st.text(max_size=60))
def test_any_text_has_words_without_blanks_and_always_the_same(text: str) -> None:
    found = words_of(text)
    assert found is not None
    assert found == words_of(text)
    assert all(word and not any(character.isspace() for character in word) for word in found)


@pytest.mark.parametrize("unseen", INVISIBLE, ids=ascii)
def test_what_nobody_sees_neither_parts_a_word_nor_joins_two(unseen: str) -> None:
    found = words_of(f"nude{unseen}child ch{unseen}ild k{unseen}i t e")
    assert found is not None
    assert {"nude", "child", "kite"} <= set(found)
    assert {"nude", "child"} <= set(words_of(f"nude\u200bch{unseen}ild") or ())
    assert "café" in (words_of(f"caf{unseen}e{unseen}\u0301") or ())


@pytest.mark.parametrize("gap", ["\t", "\n", "\v", "\f", "\r", "\x85", "\u00a0", "\u2028"], ids=ascii)
def test_white_space_parts_words(gap: str) -> None:
    assert words_of(f"a{gap}kite") == ["a", "kite"]


def test_too_many_words_are_not_judged() -> None:
    assert words_of("word " * MAX_WORDS) is not None
    assert words_of("word " * (MAX_WORDS + 1)) is None
