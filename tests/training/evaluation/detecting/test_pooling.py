"""Laws of likelihood ratios by pools: what isotonic regression is by definition, and no more than pictures support."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from training.evaluation.detecting.groups import shares
from training.evaluation.detecting.pooling import pav

Floats = NDArray[np.float64]
Samples = list[tuple[int, bool, int]]
SAMPLES = st.lists(st.tuples(st.integers(-8, 8), st.booleans(), st.integers(0, 6)), min_size=2, max_size=40).filter(
    lambda samples: len({truth for _, truth, _ in samples}) == 2
)
ENDLESS = 1e9


def ratios_of(samples: tuple[Floats, NDArray[np.bool_], NDArray[np.int_]], bound: float = ENDLESS) -> tuple[float, ...]:
    return pav(*samples, bound)[1]


def columns(samples: Samples) -> tuple[Floats, NDArray[np.bool_], NDArray[np.int_]]:
    scores, truth, groups = zip(*samples, strict=True)
    return np.array(scores, np.float64), np.array(truth), np.array(groups)


def by_definition(values: Sequence[float], weights: Floats) -> list[float]:
    """Isotonic regression by its min-max formula: at i the greatest, over starts, of the least mean up to any end."""
    count = len(values)

    def mean(start: int, end: int) -> float:
        return float(np.average(values[start : end + 1], weights=weights[start : end + 1]))

    return [max(min(mean(start, end) for end in range(at, count)) for start in range(at + 1)) for at in range(count)]


def expected(samples: Samples) -> list[float]:
    """The chance of every distinct score, in order: pooled, one photograph added to either side, and pooled again."""
    scores, truth, groups = columns(samples)
    mass = np.empty(len(scores))
    for side in (truth, ~truth):
        mass[side] = shares(groups[side]) / len(set(groups[side].tolist()))
    distinct = np.unique(scores).tolist()
    found, clean = ([float(mass[(scores == each) & side].sum()) for each in distinct] for side in (truth, ~truth))
    share = by_definition(
        [one / (one + other) for one, other in zip(found, clean, strict=True)], np.add(found, clean, dtype=np.float64)
    )
    pools = [[at for at, each in enumerate(share) if abs(each - level) < 1e-9] for level in share]
    one = 1 / min(len(set(groups[side].tolist())) for side in (truth, ~truth))
    smooth = [
        (sum(found[at] for at in pool) + one) / (sum(found[at] + clean[at] for at in pool) + 2 * one) for pool in pools
    ]
    return by_definition(smooth, np.add(found, clean, dtype=np.float64))


@given(SAMPLES)
def test_the_ratios_are_those_of_isotonic_regression_with_one_photograph_added(samples: Samples) -> None:
    knots, ratios = pav(*columns(samples), ENDLESS)
    assert list(knots) == sorted(knots)
    assert list(ratios) == sorted(ratios)
    chances = {round(1 / (1 + 10**-ratio), 5) for ratio in ratios}
    for each in expected(samples):
        assert min(abs(each - chance) for chance in chances) < 2e-5
    for chance in chances:
        assert min(abs(each - chance) for each in expected(samples)) < 2e-5


@given(SAMPLES, st.floats(0, 1))
def test_no_ratio_is_beyond_what_its_photographs_support(samples: Samples, bound: float) -> None:
    _, truth, groups = columns(samples)
    fewest = min(len(set(groups[side].tolist())) for side in (truth, ~truth))
    assert max(map(abs, ratios_of(columns(samples)))) <= math.log10(fewest + 1) + 1e-5
    assert max(map(abs, ratios_of(columns(samples), bound))) <= bound


@given(SAMPLES)
def test_what_is_looked_for_and_what_is_not_change_places(samples: Samples) -> None:
    knots, ratios = pav(*columns(samples), ENDLESS)
    scores, truth, groups = columns(samples)
    turned, other = pav(-scores, ~truth, groups, bound=ENDLESS)
    assert [-each for each in reversed(turned)] == pytest.approx(list(knots))
    assert [-each for each in reversed(other)] == pytest.approx(list(ratios), abs=2e-6)


@given(SAMPLES)
def test_only_the_order_of_scores_counts(samples: Samples) -> None:
    scores, truth, groups = columns(samples)
    assert ratios_of((scores**3 + scores, truth, groups)) == ratios_of((scores, truth, groups))


@given(SAMPLES)
def test_more_photographs_of_the_same_support_more(samples: Samples) -> None:
    scores, truth, groups = columns(samples)
    twice = (np.concatenate([scores, scores]), np.concatenate([truth, truth]), np.concatenate([groups, groups + 100]))
    once, more = (ratios_of(each) for each in ((scores, truth, groups), twice))
    assert more[-1] >= once[-1] - 1e-6
    assert more[0] <= once[0] + 1e-6


@given(SAMPLES, st.integers(2, 4))
def test_crops_of_a_photograph_support_nothing(samples: Samples, times: int) -> None:
    scores, truth, groups = columns(samples)
    again = (np.repeat(scores, times), np.repeat(truth, times), np.repeat(groups, times))
    assert ratios_of(again) == pytest.approx(ratios_of((scores, truth, groups)), abs=2e-6)


def test_few_pictures_at_an_end_support_little() -> None:
    """A hundred of each, and above them all two of what is looked for: not a hundred to one, which it was once."""
    scores = np.array([*np.tile([0.0, 1.0], 50), *np.tile([0.0, 1.0], 49), 5.0, 5.0])
    truth = np.array([False] * 100 + [True] * 100)
    _, ratios = pav(scores, truth, np.arange(200), bound=2.0)
    assert ratios[-1] == pytest.approx(math.log10(3), abs=1e-5)


def test_a_pool_says_the_same_from_end_to_end() -> None:
    """Twenty clean in 5 to 6 belong to the pool of all that are clean: nothing of the next pool shows in them."""
    clean = [*np.linspace(-3, -1, 80), *np.linspace(5, 6, 20)]
    scores, truth = np.array([*clean, *np.linspace(7, 9, 100)]), np.array([False] * 100 + [True] * 100)
    knots, ratios = pav(scores, truth, np.arange(200), bound=2.0)
    assert knots == (-3.0, 6.0, 7.0, 9.0)
    assert ratios[0] == ratios[1] == -ratios[2] == -ratios[3]
    assert np.interp([5.5, 5.9], knots, ratios).tolist() == [ratios[0]] * 2


def test_a_pool_of_one_score_is_one_knot() -> None:
    knots, ratios = pav(np.array([0.0, 0.0, 1.0]), np.array([False, False, True]), np.arange(3), bound=2.0)
    assert (knots, len(ratios)) == ((0.0, 1.0), 2)
