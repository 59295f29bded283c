"""The logistic calibration stays within its bound and never turns back."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.calibration import Logistic

NUMBERS = st.floats(-1e6, 1e6)


@given(NUMBERS, NUMBERS)
def test_more_evidence_never_lowers_the_probability(first: float, second: float) -> None:
    chosen = Logistic(weights=(2.0,), bias=-1.0, bound=2.0)
    low, high = sorted((first, second))
    assert chosen.judge((low,))[0] <= chosen.judge((high,))[0]


@given(NUMBERS)
def test_the_bound_holds(value: float) -> None:
    chance, ratio = Logistic(weights=(3.0,), bias=0.5, bound=1.5).judge((value,))
    assert abs(ratio) <= 1.5
    assert chance == pytest.approx(10**ratio / (1 + 10**ratio))


def test_equal_odds_are_one_half() -> None:
    assert Logistic(weights=(1.0,), bias=-2.0, bound=3.0).judge((2.0,)) == (0.5, 0.0)
    assert Logistic(weights=(1.0,), bias=0.0, bound=3.0).judge((math.log(10),))[1] == pytest.approx(1.0)
