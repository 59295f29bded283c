"""AUC and its intervals, ROC, rates: against each other, and against what is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.evaluation import intervals
from training.evaluation.detecting.ranking import (
    Interval,
    auc,
    auc_interval,
    bootstrapped,
    delong,
    roc,
    tpr_at,
)

SCORED = st.lists(st.tuples(st.integers(-5, 5).map(float), st.booleans()), min_size=2, max_size=30).filter(
    lambda pairs: {truth for _, truth in pairs} == {True, False}
)


def drawn(seed: int, count: int, skill: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = np.arange(count) % 3 == 0
    return rng.normal(size=count) + skill * truth, truth


@given(SCORED)
def test_the_auc_is_the_chance_that_a_positive_is_above(pairs: list[tuple[float, bool]]) -> None:
    scores, truth = (np.array(each) for each in zip(*pairs, strict=True))
    assert auc(scores, truth) == pytest.approx(intervals.auc(scores[truth], scores[~truth]))
    assert auc(-scores, truth) == pytest.approx(1 - auc(scores, truth))
    false, true = roc(scores, truth)
    assert np.trapezoid(true, false) == pytest.approx(auc(scores, truth))
    assert (false[0], true[0], false[-1], true[-1]) == (0, 0, 1, 1)


@given(SCORED)
def test_an_interval_holds_its_value(pairs: list[tuple[float, bool]]) -> None:
    scores, truth = (np.array(each) for each in zip(*pairs, strict=True))
    found = delong(scores, truth)
    assert 0 <= found.low <= found.value + 1e-9
    assert found.value - 1e-9 <= found.high <= 1


@pytest.mark.parametrize("skill", [0.3, 1.0, 2.0])
def test_delong_and_the_bootstrap_agree_on_independent_samples(skill: float) -> None:
    scores, truth = drawn(1, 300, skill)
    one, other = delong(scores, truth), bootstrapped(scores, truth, range(300), rounds=800)
    assert one.value == other.value
    assert (one.low, one.high) == pytest.approx((other.low, other.high), abs=0.012)


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    truth_of_it = 0.5 * (1 + math.erf(1.0 / 2))  # two normals, one deviation apart
    found = [delong(*drawn(seed, 90, 1.0)) for seed in range(200)]
    covered = sum(each.low <= truth_of_it <= each.high for each in found)
    assert 180 <= covered <= 199  # 190 are expected; of 200 draws these are beyond three deviations


def test_copies_of_photographs_make_nothing_surer() -> None:
    scores, truth = drawn(2, 60, 0.8)
    copied, copies = np.repeat(scores, 5), np.repeat(truth, 5)
    photographs = np.repeat(np.arange(60), 5).tolist()
    grouped, alone = auc_interval(copied, copies, photographs), auc_interval(scores, truth, range(60))
    assert grouped.high - grouped.low == pytest.approx(alone.high - alone.low, rel=0.2)
    assert delong(copied, copies).high - delong(copied, copies).low < 0.6 * (alone.high - alone.low)


def test_a_perfect_rank_of_few_is_not_certain() -> None:
    found = delong(np.array([1.0, 2.0, 3.0, 4.0]), np.array([False, False, True, True]))
    assert (found.value, found.high) == (1.0, 1.0)
    assert found.low < 0.5


def test_without_both_classes_there_is_no_figure() -> None:
    for found in (delong(np.ones(3), np.ones(3, bool)), bootstrapped(np.ones(3), np.zeros(3, bool), range(3))):
        assert math.isnan(found.value)
        assert (found.low, found.high) == (0.0, 1.0)
    empty = Interval.share([], [])
    assert math.isnan(empty.value)
    assert (empty.low, empty.high) == (0.0, 1.0)


def test_rates_at_a_limit_leave_no_more_than_they_may() -> None:
    scores = np.concatenate([np.arange(100.0), [99.0, 98.5, 95.5, 0.5]])
    truth = np.arange(104) >= 100
    names = range(104)
    assert tpr_at(scores, truth, 0.01, names).value == 0.5  # above 98: one real picture in a hundred is
    assert tpr_at(scores, truth, 0.05, names).value == 0.75
    assert tpr_at(scores, truth, 1.0, names).value == 1.0
    assert tpr_at(np.zeros(8), np.arange(8) > 3, 0.05, range(8)).value == 0.0  # ties are no detections


def test_shares_are_as_sure_as_photographs_are_many() -> None:
    hits = [True, False, True, True]
    assert (Interval.share(hits, "abcd").low, Interval.share(hits, "abcd").high) == intervals.wilson(3, 4)
    repeated = Interval.share([hit for hit in hits for _ in range(9)], [each for each in "abcd" for _ in range(9)])
    assert (repeated.value, repeated.count) == (0.75, 36)
    assert (repeated.low, repeated.high) == intervals.wilson(3, 4)
