"""No text is unknown to the tokenizer: what goes in comes out, folded as CLIP folds it, and nothing is cut off."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers import CLIPTokenizer

from training.harness.tokenizer import WINDOW, WORDS, learn, texts
from training.scenes.source import Source

SPECIAL = ("<|startoftext|>", "<|endoftext|>")


@pytest.fixture(scope="module")
def tokens(source: Source) -> CLIPTokenizer:
    return learn(source.caption(source.scene(index), index) for index in range(1500))


def folded(text: str) -> str:
    """NFC, white space made one, lower case: what CLIP's tokenizer does before it cuts."""
    return " ".join(unicodedata.normalize("NFC", text).lower().split())


def ids_of(tokens: CLIPTokenizer, text: str) -> list[int]:
    found: list[int] = tokens(text, truncation=False).input_ids
    return found


@given(text=st.text(max_size=60).filter(lambda text: not any(word in text.lower() for word in SPECIAL)))
def test_no_text_is_unknown_or_cut_off(tokens: CLIPTokenizer, text: str) -> None:
    ids = ids_of(tokens, text)
    assert ids[0] == tokens.bos_token_id
    # The end stands for the unknown too: it may be at the end and nowhere else.
    assert [place for place, each in enumerate(ids) if each == tokens.eos_token_id] == [len(ids) - 1]


def squeezed(text: str) -> str:
    return "".join(text.split())


@given(text=st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), max_size=40))
def test_what_goes_in_comes_out(tokens: CLIPTokenizer, text: str) -> None:
    ids = ids_of(tokens, text)
    # Where words are cut apart is not kept: "dog's" comes back as "dog ' s".
    assert squeezed(tokens.decode(ids[1:-1], clean_up_tokenization_spaces=False)) == squeezed(folded(text))


def test_captions_fit_the_window_with_room(tokens: CLIPTokenizer, source: Source) -> None:
    lengths = [len(ids_of(tokens, source.caption(source.scene(index), index))) for index in range(2000, 2500)]
    assert max(lengths) <= WINDOW


def test_words_that_captions_use_are_one_token(tokens: CLIPTokenizer) -> None:
    for word in ("red", "apples", "left", "dog", "style"):
        assert len(ids_of(tokens, word)) == 3, word


def test_there_are_no_more_entries_than_the_model_has(tokens: CLIPTokenizer) -> None:
    assert len(tokens) <= WORDS
    assert max(tokens.get_vocab().values()) < WORDS
    assert len(set(tokens.get_vocab().values())) == len(tokens)


def test_a_saved_tokenizer_says_the_same(tokens: CLIPTokenizer, tmp_path: Path) -> None:
    tokens.save_pretrained(tmp_path)
    again = CLIPTokenizer.from_pretrained(tmp_path, local_files_only=True)
    assert again.model_max_length == WINDOW
    for text in ("three red apples", "Ünïcode 語 🍎", "", "a" * 300):
        assert ids_of(again, text) == ids_of(tokens, text)
        assert (
            again(text, truncation=True, padding="max_length").input_ids
            == tokens(text, truncation=True, padding="max_length").input_ids
        )


def test_it_is_the_same_each_time(source: Source) -> None:
    # Otherwise a resumed run would go on in another language than it began in.
    captions = [source.caption(source.scene(index), index) for index in range(200)]
    learned = {learn(captions).backend_tokenizer.to_str() for _ in range(4)}
    assert len(learned) == 1


def test_names_and_captions_are_learned_from(source: Source, sprite_cache: Path) -> None:
    learned = list(texts(source, sprite_cache))
    assert "woman doctor doctor" in learned
    assert len(learned) > 20_000
