"""Folds: each sample is judged once, by what knows neither its photograph nor its maker."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInput
from training.evaluation.detecting.crossing import dealt

SAMPLES = st.lists(st.tuples(st.booleans(), st.integers(0, 30), st.integers(0, 5)), min_size=1, max_size=60)


@given(SAMPLES, st.booleans())
def test_nothing_is_known_of_what_is_judged(samples: list[tuple[bool, int, int]], told: bool) -> None:
    both = [*samples, *((label, 100 + 2 * at + label, 9 + at) for at in range(3) for label in (False, True))]
    truth, groups, makers = (np.array(column) for column in zip(*both, strict=True))
    times = np.zeros(len(both), int)
    for learned, judged in dealt(truth, groups, makers if told else None, 1):
        assert not set(groups[learned].tolist()) & set(groups[judged].tolist())
        if told:
            assert not set(makers[learned & truth].tolist()) & set(makers[judged & truth].tolist())
        times += judged
    assert times.tolist() == [1] * len(both)


def test_parts_hold_as_many_photographs_of_each_class() -> None:
    truth = np.arange(100) % 2 == 0  # the names of photographs alternate between the classes
    folds = dealt(truth, np.arange(100), None, 30)
    assert [(int(judged[truth].sum()), int(judged[~truth].sum())) for _, judged in folds] == [(5, 5)] * 10


def test_few_photographs_are_left_out_one_by_one() -> None:
    truth = np.arange(24) < 12
    assert len(dealt(truth, np.arange(24), None, 10)) == 10
    assert [int(learned.sum()) for learned, _ in dealt(truth, np.arange(24), None, 11)] == [22] * 12
    with pytest.raises(InvalidInput, match="needs 12 photographs of a class beside them, found 11") as caught:
        dealt(truth, np.arange(24), None, 12)
    assert (caught.value.field, caught.value.limit, caught.value.found) == ("groups", "12", "11")
