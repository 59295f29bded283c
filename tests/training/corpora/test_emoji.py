"""Codes and names of emoji are the same whichever package writes them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.corpora.emoji import STYLES, code_of, drawings, emoji
from training.scenes.vocabulary import Vocabulary

POINTS = st.lists(st.integers(0x203C, 0x1FAFF).filter(lambda point: point != 0xFE0F), min_size=1, max_size=6)


@given(POINTS, st.data())
def test_variation_selectors_and_capitals_do_not_change_a_code(points: list[int], data: st.DataObject) -> None:
    selected = [[point, 0xFE0F] if data.draw(st.booleans()) else [point] for point in points]
    written = "-".join(f"{point:X}" for each in selected for point in each)
    assert code_of(written) == "-".join(f"{point:x}" for point in points)
    assert code_of(code_of(written)) == code_of(written)


def test_a_doctors_code_is_written_as_everywhere() -> None:
    assert code_of("1F468-1F3FB-200D-2695-FE0F") == "1f468-1f3fb-200d-2695"


def test_every_emoji_has_its_own_code_and_says_who_it_shows(sprite_cache: Path, vocabulary: Vocabulary) -> None:
    found = {each.code: each for each in emoji(sprite_cache / "packages")}
    doctor = found[vocabulary.code("doctor", "woman", 5)]
    assert (doctor.name, doctor.gender, doctor.tone) == ("woman doctor", "woman", 5)
    plain = found[vocabulary.code("doctor", "man")]
    assert (plain.name, plain.gender, plain.tone) == ("man doctor", "man", 0)
    assert (found["1f34e"].name, found["1f34e"].gender) == ("apple", "")
    # A woman is no "man": gender is a word of the name, not a part of one.
    assert {each.gender for each in found.values() if "woman" in each.name} == {"woman"}


def test_flags_parts_and_mixed_skins_are_left_out(sprite_cache: Path) -> None:
    found = list(emoji(sprite_cache / "packages"))
    assert len({each.code for each in found}) == len(found)
    assert not {"flag", "letter"} & {each.name for each in found}
    assert not [each for each in found if each.code.count("1f3f") > 1]


@pytest.mark.parametrize("style", STYLES)
def test_every_style_draws_every_word(style: str, sprite_cache: Path, vocabulary: Vocabulary) -> None:
    made = drawings(style, sprite_cache / "packages")
    keys = vocabulary.keys()
    wanted = {key.partition(":")[2] for key in keys if key.startswith(f"{style}:")}
    assert wanted <= made.keys()
    assert all(data.startswith((b"<svg", b"RIFF")) for data in made.values())
