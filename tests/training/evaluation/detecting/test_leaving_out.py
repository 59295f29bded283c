"""Generators left out of training: no generator and no photograph is on both sides."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInput
from training.evaluation.detecting.leaving_out import REAL, leave_one_out, table

SAMPLES = st.lists(
    st.tuples(st.sampled_from([REAL, REAL, "a", "b", "c"]), st.integers(0, 20).map(str)), min_size=1, max_size=80
)


@given(SAMPLES)
def test_neither_generators_nor_photographs_are_on_both_sides(samples: list[tuple[str, str]]) -> None:
    generators, photographs = (np.array(each) for each in zip(*samples, strict=True))
    real = generators == REAL
    try:
        folds = list(leave_one_out(generators.tolist(), photographs.tolist()))
    except InvalidInput:
        assert len(set(generators) - {REAL}) < 2 or len(set(photographs[real])) < 5
        return
    assert [fold.generator for fold in folds] == sorted(set(generators) - {REAL})
    for fold in folds:
        assert not (fold.learned & fold.asked).any()
        assert set(generators[fold.asked]) <= {REAL, fold.generator}
        assert fold.generator not in set(generators[fold.learned])
        assert not set(photographs[fold.learned]) & set(photographs[fold.asked])
        assert (fold.asked & real).any()
        assert (fold.learned & real).any()


def test_pictures_without_a_photograph_are_all_asked() -> None:
    generators = [REAL] * 10 + ["a"] * 4 + ["b"] * 6
    folds = {fold.generator: fold for fold in leave_one_out(generators)}
    made = np.array(generators)
    assert folds["a"].asked[made == "a"].all()
    assert folds["a"].learned[made == "b"].all()
    assert (folds["a"].asked & (made == REAL)).sum() == 2
    asked = [set(np.flatnonzero(fold.asked & (made == REAL))) for fold in folds.values()]
    assert not asked[0] & asked[1]


def test_what_cannot_be_left_out_is_refused_at_once() -> None:
    with pytest.raises(InvalidInput, match="two generators"):
        leave_one_out([REAL] * 9 + ["a"])
    with pytest.raises(InvalidInput, match="5 real photographs"):
        leave_one_out([REAL] * 9 + ["a", "b"], ["one"] * 11)
    with pytest.raises(InvalidInput, match="one photograph each"):
        leave_one_out([REAL] * 9 + ["a", "b"], ["one"] * 3)


def test_the_table_says_the_mean_and_the_worst() -> None:
    good = ([0.1, 0.2, 0.8, 0.9], [False, False, True, True], list("wxyz"))
    poor = ([0.1, 0.9, 0.2, 0.8], [False, False, True, True], list("wxyz"))
    sheet = table({"a": good, "b": poor})
    assert [row[0] for row in sheet.rows] == ["a", "b", "mean", "worst"]
    assert sheet.rows[0][1] == "2+2"
    assert (sheet.rows[2][2], sheet.rows[3][2]) == ("0.75", "0.50")
    assert table({}).rows == ()
