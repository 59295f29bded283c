"""Calibration, cost and coverage: what is known of oracles, of silence, and of calibrated probabilities."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.evaluation.detecting import soundness

JUDGED = st.lists(st.tuples(st.floats(-4, 4), st.booleans()), min_size=2, max_size=40).filter(
    lambda pairs: {truth for _, truth in pairs} == {True, False}
)


def calibrated(count: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Ratios that are what they say, at equal odds."""
    rng = np.random.default_rng(seed)
    chance = rng.uniform(0.02, 0.98, count)
    return np.log10(chance / (1 - chance)), rng.random(count) < chance


def test_calibrated_probabilities_have_little_error_and_overbold_ones_much() -> None:
    ratios, truth = calibrated(4000)
    assert soundness.calibration_error(ratios, truth) < 0.03
    assert soundness.calibration_error(4 * ratios, truth) > 0.1
    assert soundness.cllr(ratios, truth) == pytest.approx(soundness.least_cllr(ratios, truth), abs=0.02)
    assert soundness.cllr(4 * ratios, truth) > soundness.least_cllr(4 * ratios, truth) + 0.1


def test_an_oracle_costs_nothing_and_silence_one_bit() -> None:
    truth = np.arange(20) < 8
    oracle = np.where(truth, 6.0, -6.0)
    assert soundness.cllr(oracle, truth) == pytest.approx(0, abs=1e-5)
    assert soundness.least_cllr(oracle, truth) == 0
    assert soundness.area_under(soundness.covering(oracle, truth)) == 0
    silent = np.zeros(20)
    assert soundness.cllr(silent, truth) == pytest.approx(1)
    assert soundness.least_cllr(silent, truth) == pytest.approx(1)
    assert soundness.calibration_error(silent, truth) == pytest.approx(0)
    assert soundness.area_under(soundness.covering(silent, truth)) == pytest.approx(0.5)


@given(JUDGED)
def test_laws(pairs: list[tuple[float, bool]]) -> None:
    ratios, truth = (np.array(each) for each in zip(*pairs, strict=True))
    assert soundness.least_cllr(ratios, truth) <= min(1.0, soundness.cllr(ratios, truth)) + 1e-9
    assert 0 <= soundness.calibration_error(ratios, truth) <= 1
    made = soundness.bins(ratios, truth)
    assert sum(each.count for each in made) == len(truth)
    assert sum(each.mass for each in made) == pytest.approx(1)
    curve = soundness.covering(ratios, truth)
    assert curve[-1].coverage == pytest.approx(1)
    assert all(0 <= each.risk <= 1 + 1e-9 for each in curve)
    assert [each.coverage for each in curve] == sorted(each.coverage for each in curve)
    wrong = [np.mean(np.where(ratios == 0, 0.5, (ratios > 0) != truth)[side]) for side in (truth, ~truth)]
    assert curve[-1].risk == pytest.approx(np.mean(wrong))


def test_abstaining_from_what_is_uncertain_lowers_the_risk() -> None:
    curve = soundness.covering(*calibrated(2000))
    half = next(each for each in curve if each.coverage >= 0.5)
    assert half.risk < curve[-1].risk - 0.1


def test_how_many_there_are_of_a_class_makes_no_difference() -> None:
    ratios, truth = calibrated(3000)
    more = (
        np.concatenate([ratios, np.repeat(ratios[truth], 4)]),
        np.concatenate([truth, np.ones(4 * truth.sum(), bool)]),
    )
    assert soundness.cllr(*more) == pytest.approx(soundness.cllr(ratios, truth))
    assert soundness.calibration_error(*more) == pytest.approx(soundness.calibration_error(ratios, truth), abs=0.01)


def test_without_both_classes_there_is_no_figure() -> None:
    ones = np.ones(4, bool)
    for figure in (soundness.cllr, soundness.least_cllr, soundness.calibration_error):
        assert math.isnan(figure(np.zeros(4), ones))
