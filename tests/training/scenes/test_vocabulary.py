"""The vocabulary names each drawing once, and every word can be told from every other."""

from __future__ import annotations

import itertools
import re

from tests.training.scenes.laws import VOCABULARY
from training.corpora.emoji import STYLES


def test_no_drawing_has_two_words_and_no_word_two_meanings() -> None:
    codes = [*VOCABULARY.objects.values(), *VOCABULARY.roles.values()]
    # A rocket is an astronaut's sign too: only within their table are codes a word's own.
    assert len(set(VOCABULARY.objects.values())) == len(VOCABULARY.objects)
    assert len(set(VOCABULARY.roles.values())) == len(VOCABULARY.roles)
    assert all(re.fullmatch(r"[0-9a-f]{4,5}", code) for code in codes)
    tables = VOCABULARY.objects, VOCABULARY.roles, VOCABULARY.colours, VOCABULARY.styles
    for one, other in itertools.combinations(tables, 2):
        assert not set(one) & set(other)


def test_every_word_has_a_plural_of_its_own() -> None:
    assert VOCABULARY.plurals.keys() == VOCABULARY.objects.keys() | VOCABULARY.roles.keys()
    assert len(set(VOCABULARY.plurals.values())) == len(VOCABULARY.plurals)
    assert VOCABULARY.plurals["bus"] == "buses"
    assert VOCABULARY.plurals["apple"] == "apples"


def test_what_may_be_coloured_is_an_object() -> None:
    assert set(VOCABULARY.coloured) <= VOCABULARY.objects.keys()
    assert len(set(VOCABULARY.coloured)) == len(VOCABULARY.coloured)


def test_colours_and_backgrounds_are_apart() -> None:
    for one, other in itertools.combinations(VOCABULARY.colours.values(), 2):
        assert abs((one.hue - other.hue + 180) % 360 - 180) > 20
    for one_ground, other_ground in itertools.combinations(VOCABULARY.backgrounds.values(), 2):
        assert max(abs(a - b) for a, b in zip(one_ground, other_ground, strict=True)) >= 10


def test_every_style_is_one_that_is_drawn() -> None:
    assert set(VOCABULARY.styles) == set(STYLES)


def test_keys_are_of_every_style_and_person() -> None:
    keys = VOCABULARY.keys()
    people = len(VOCABULARY.roles) * 2 * 6
    assert len(keys) == len(VOCABULARY.styles) * (len(VOCABULARY.objects) + people)
    assert "flat:1f469-1f3ff-200d-2695" in keys
    assert list(keys) == sorted(keys)
