"""What scenes show is held against what was declared, and a sample that does not follow it is found."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.training.scenes.laws import GRAMMAR, VOCABULARY
from training.corpora.curation.balance import UNLIKELY, evenness, roles, sample, tally
from training.scenes.grammar import Grammar
from training.scenes.prior import read_prior

COUNT = 4000
SKEWED = Grammar(VOCABULARY, read_prior("skewed"))


def test_what_is_held_out_moves_what_training_sees() -> None:
    """A balanced prior is not balanced any more once combinations are held out: the report has to say so."""
    moved = [each for each in roles(sample(GRAMMAR.training, 1, COUNT), GRAMMAR, training=True) if each.expected != 0.5]
    assert moved
    assert all(each.chance > UNLIKELY for each in moved)


@pytest.mark.parametrize("grammar", [GRAMMAR, SKEWED], ids=["balanced", "skewed"])
def test_draws_follow_what_was_declared(grammar: Grammar) -> None:
    scenes = sample(grammar.any, 2, COUNT)
    assert min(each.chance for each in roles(scenes, grammar, training=False)) > UNLIKELY
    assert min(evenness(counts) for counts in tally(scenes, grammar).values()) > UNLIKELY


def test_scenes_of_another_prior_are_found() -> None:
    scenes = sample(SKEWED.any, 3, COUNT)
    found = {each.role for each in roles(scenes, GRAMMAR, training=False) if each.chance < UNLIKELY}
    assert {"doctor", "teacher", "pilot"} <= found


def test_people_who_were_held_out_are_found_where_they_should_not_be() -> None:
    scenes = sample(GRAMMAR.any, 4, COUNT)
    assert any(each.chance == 0 for each in roles(scenes, GRAMMAR, training=True))


def test_a_word_that_comes_too_often_is_found() -> None:
    counts = Counter({"apple": 130, "bear": 60, "bee": 70})
    assert evenness(counts) < UNLIKELY
    assert evenness(Counter(dict.fromkeys("abc", 50))) == pytest.approx(1)


def test_every_value_of_the_vocabulary_is_counted() -> None:
    found = tally(sample(GRAMMAR.any, 5, COUNT), GRAMMAR)
    assert found["object"].keys() == VOCABULARY.objects.keys()
    assert found["colour"].keys() == VOCABULARY.colours.keys()
    assert found["style"].keys() == set(VOCABULARY.styles)
    assert found["number, of several"].keys() == {"2", "3", "4", "5"}
    assert len(found["relation"]) == 5


def test_samples_are_a_function_of_the_seed() -> None:
    assert sample(GRAMMAR.any, 6, 50) == sample(GRAMMAR.any, 6, 50)
