"""Drawings that look alike are found, each pair once, and said to be what they are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.training.drawings import shape
from tests.training.scenes.laws import SEEDS
from training.corpora import sprites
from training.corpora.curation import doubles
from training.corpora.curation.doubles import Looks, confusions, counted, identical, kind_of, look, pairs
from training.corpora.sprites import Sprite
from training.scenes.vocabulary import Vocabulary


def sprite(style: str, code: str, name: str) -> Sprite:
    return Sprite(f"{style}:{code}", style, code, name, "", 0, 0, "", "some", "1", "MIT", "somewhere", code)


APPLE, DARK, PEAR = sprite("flat", "a", "apple"), sprite("flat", "a2", "apple"), sprite("flat", "p", "pear")
ELSEWHERE = sprite("3d", "a", "apple")


def test_pairs_are_said_to_be_what_they_are() -> None:
    assert kind_of(APPLE, DARK) == "same emoji, other skin"
    assert kind_of(APPLE, PEAR) == "other emoji, same style"
    assert kind_of(APPLE, ELSEWHERE) == "same emoji, other style"
    assert kind_of(PEAR, ELSEWHERE) == "other emoji, other style"


@given(SEEDS, st.integers(1, 200))
def test_every_pair_is_found_once_and_none_with_itself(seed: int, count: int) -> None:
    near = np.random.default_rng(seed).random((count, count)) < 0.02
    near |= near.T
    found = list(pairs(lambda rows: near[rows], len(near)))
    assert len(found) == len(set(found))
    assert set(found) == {(int(one), int(other)) for one, other in np.argwhere(near) if one < other}


def looks_of(hashes: list[int], qualities: list[int]) -> Looks:
    words = np.array([[value & (2**64 - 1), value >> 64, 0, 0] for value in hashes], np.uint64)
    return Looks(words, np.array(qualities), np.zeros((len(hashes), 1), np.float32))


@pytest.mark.parametrize(("bits", "alike"), [(0, 1), (31, 1), (32, 0)])
def test_hashes_are_alike_up_to_31_bits(bits: int, alike: int) -> None:
    found = counted(looks_of([0, 2**bits - 1], [100, 100]).by_pdq, [APPLE, PEAR])
    assert found.total() == alike


@pytest.mark.parametrize("qualities", [[49, 100], [100, 49]])
def test_a_hash_of_low_quality_is_like_none(qualities: list[int]) -> None:
    assert not counted(looks_of([0, 0], qualities).by_pdq, [APPLE, PEAR])


def test_a_drawing_is_found_at_any_darkness_and_not_in_another(monkeypatch: pytest.MonkeyPatch) -> None:
    face = shape("x")
    face[30:50, 30:50, :3] = 255
    darker = face.copy()
    darker[..., :3] = (darker[..., :3] * 0.97).astype(np.uint8)
    other = np.zeros_like(face)
    for row in range(10, 120, 14):
        other[row : row + 6, 10:118] = (20, 90, 200, 255)
    drawn = {"a": face, "a2": darker, "p": other}
    monkeypatch.setattr(sprites, "pixels", lambda _, row: drawn[row.code])
    looks = look(Path(), [APPLE, DARK, PEAR])
    assert set(pairs(looks.by_description, 3)) == {(0, 1)}
    assert np.bitwise_count(looks.hashes[0] ^ looks.hashes[1]).sum() <= doubles.DISTANCE


def test_words_of_the_scenes_that_are_one_drawing_are_named(vocabulary: Vocabulary) -> None:
    rows = [
        sprite("cartoon", vocabulary.code("astronaut", gender), f"{gender} astronaut") for gender in ("man", "woman")
    ]
    rows += [sprite("cartoon", vocabulary.objects["apple"], "apple"), sprite("cartoon", "1f34f", "green apple")]
    rows += [sprite("flat", vocabulary.objects["horse"], "horse")]
    everything = np.ones((len(rows), len(rows)), bool)
    assert confusions(rows, lambda part: everything[part], vocabulary) == [
        "man astronaut and apple (cartoon)",
        "man astronaut and woman astronaut (cartoon)",
        "woman astronaut and apple (cartoon)",
    ]
    assert confusions(rows, identical(rows), vocabulary) == []
    twin = replace(rows[0], sha256=rows[1].sha256)
    assert confusions([twin, *rows[1:]], identical([twin, *rows[1:]]), vocabulary) == [
        "man astronaut and woman astronaut (cartoon)"
    ]
