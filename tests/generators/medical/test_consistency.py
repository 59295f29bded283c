"""Means that are held: laws over any picture, any mask and any answer."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from generators.medical.consistency import Cells, project
from generators.medical.noise import MOST, level, limited

LOW, HIGH = -40, 4055
SIDES = st.integers(1, 9)


@st.composite
def problems(draw: st.DrawFn) -> tuple[NDArray[np.float64], Cells, NDArray[np.float64]]:
    """An answer of any values, cells with holes in them, and means that some picture within the range has."""
    height, width, side = draw(st.integers(1, 20)), draw(st.integers(1, 20)), draw(SIDES)
    shape = (height, width)
    answer = draw(arrays.arrays(np.float64, shape, elements=st.floats(-1e4, 1e4)))
    measured = draw(arrays.arrays(np.bool_, shape))
    truth = draw(arrays.arrays(np.int64, shape, elements=st.integers(LOW, HIGH)))
    cells = Cells(side, measured)
    return answer, cells, cells.means(truth)


@given(problems())
def test_whatever_was_answered_every_mean_is_held_to_half_a_step(
    problem: tuple[NDArray[np.float64], Cells, NDArray[np.float64]],
) -> None:
    answer, cells, wanted = problem
    made, held = project(answer, answer, cells, wanted, (LOW, HIGH))
    used = cells.used()
    assert held.after <= 0.5 + 1e-6
    assert np.abs(cells.means(made) - wanted)[used].max(initial=0.0) == held.after
    assert made.min() >= LOW
    assert made.max() <= HIGH
    assert np.array_equal(made, np.rint(made))


@given(problems())
def test_what_is_right_already_stays(problem: tuple[NDArray[np.float64], Cells, NDArray[np.float64]]) -> None:
    answer, cells, _ = problem
    whole = np.rint(np.clip(answer, LOW, HIGH))
    made, held = project(whole, whole, cells, cells.means(whole), (LOW, HIGH))
    assert np.array_equal(made[cells.measured], whole[cells.measured])
    assert held.moved == pytest.approx(0.0, abs=1e-6)


def test_the_means_of_cells_leave_out_what_was_not_measured() -> None:
    plane = np.array([[1.0, 99.0, 5.0], [3.0, 2.0, 7.0]])
    measured = np.array([[True, False, True], [True, True, True]])
    assert np.array_equal(Cells(2, measured).means(plane), [[2.0, 6.0]])


def test_what_it_took_is_told_from_the_answer() -> None:
    wanted = np.full((4, 4), 100.0)
    cells = Cells(2, np.ones((8, 8), np.bool_))
    answer = np.full((8, 8), 130.0)
    _, held = project(answer, answer, cells, wanted, (0, 255))
    assert (held.before, held.after) == (30.0, 0.0)
    assert held.moved == pytest.approx(30.0)


def test_a_bright_dot_that_a_denoiser_takes_away_is_given_back() -> None:
    source = np.random.default_rng(3).normal(1000.0, 10.0, (64, 64))
    source[30, 30] = 1500.0
    blurred = np.full_like(source, 1000.0)
    kept = limited(blurred, source, level(source))
    assert kept[30, 30] >= 1500.0 - MOST * 12.0
    assert np.abs(kept - 1000.0).mean() < 0.5  # noise within the limit is gone


def test_noise_is_estimated_in_the_values_own_units() -> None:
    noisy = np.random.default_rng(5).normal(0.0, 25.0, (128, 128))
    assert level(noisy) == pytest.approx(25.0, rel=0.05)
    assert level(np.full((64, 64), 7)) == 0.0
    assert level(np.ones((3, 300))) == 0.0
