"""Words that a model was not taught are counted, whatever notation stands around them, and never quoted."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import IntegrityError
from generators.diffusion import lexicon
from generators.diffusion.lexicon import Lexicon, words_in
from generators.diffusion.text_to_image import TextToImage
from tests.generators.diffusion.painting import order, outputs

KNOWN = Lexicon(frozenset({"three", "red", "apples", "medium-dark", "skin"}))


@pytest.mark.parametrize(
    ("prompt", "unknown"),
    [
        ("Three RED apples", 0),
        ("three red (apples:1.3), medium-dark skin", 0),
        ("three blue apples", 1),
        ("zebra, zebra", 2),
        ("3 red apples", 0),
        ("", 0),
    ],
)
def test_what_is_not_among_the_words_is_counted(prompt: str, unknown: int) -> None:
    assert KNOWN.unknown(prompt) == unknown


@given(st.lists(st.sampled_from(sorted(KNOWN.words))), st.sampled_from([" ", ", ", " (", ") ", "\n"]))
def test_known_words_are_never_unknown(words: list[str], between: str) -> None:
    assert KNOWN.unknown(between.join(words)) == 0
    assert words_in(between.join(words)) == words


def test_a_file_without_words_or_of_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / lexicon.FILE
    for data in (b"\n \n", b"\xff\xfe\xfd"):
        path.write_bytes(data)
        with pytest.raises(IntegrityError, match=r"words\.txt"):
            lexicon.load(path)


def test_the_output_says_how_many_and_not_which(painter: TextToImage, plain: TextToImage) -> None:
    assert outputs(painter, order("three (red:1.2) apple"))[0].notes["unknown_words"] == 0
    notes = outputs(painter, order("three blue apple"))[0].notes
    assert notes["unknown_words"] == 1
    assert "blue" not in str(notes)
    assert "unknown_words" not in outputs(plain, order())[0].notes
