"""Edits of films with their truth, and whether what was found is what was done."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.media import Pixels
from detectors.films.edits import Edit
from tests.detectors.making import halved
from training.evaluation.filming.edits import Truth, dropped, inserted, repeated
from training.evaluation.filming.files import decoded, encoded
from training.evaluation.filming.moves import HEIGHT, MOVES, RATE, WIDTH, shot
from training.evaluation.filming.scenarios import UNTOUCHED, films
from training.evaluation.filming.scoring import f1, matches, outcome
from training.evaluation.films import fit_joins, measure

SEEDS = st.integers(0, 10_000)


def numbered(count: int, first: int = 0) -> Pixels:
    """Pictures of one pixel each that tell their number."""
    return np.arange(first, first + count, dtype=np.uint8).reshape(-1, 1, 1, 1)


@given(SEEDS)
def test_a_repeated_segment_is_where_the_truth_says(seed: int) -> None:
    made, truth = repeated(numbered(150), np.random.default_rng(seed), RATE)
    count = truth.end - truth.start
    assert np.array_equal(made[truth.start : truth.end], made[truth.source : truth.source + count])
    assert truth.source + count <= truth.start or truth.end <= truth.source
    assert len(made) in (150, 150 + count)


@given(SEEDS)
def test_an_inserted_segment_is_where_the_truth_says(seed: int) -> None:
    made, truth = inserted(numbered(120), numbered(60, first=150), np.random.default_rng(seed), RATE)
    assert (made[truth.start : truth.end] >= 150).all()
    assert np.array_equal(np.delete(made, slice(truth.start, truth.end), axis=0), numbered(120))


@given(SEEDS)
def test_a_drop_is_within_one_shot_and_where_the_truth_says(seed: int) -> None:
    made, truth = dropped(numbered(150), [70], np.random.default_rng(seed), RATE)
    before, after = int(made[truth.start - 1, 0, 0, 0]), int(made[truth.start, 0, 0, 0])
    assert after - before == 150 - len(made) + 1
    assert (before < 70) == (after < 70)
    assert (np.diff(made.ravel().astype(int)) != 1).sum() == 1


@pytest.mark.parametrize("move", MOVES)
def test_every_move_moves_and_is_the_same_for_a_seed(move: str) -> None:
    first, again = (shot(halved("crab"), halved("fig"), move, 12, np.random.default_rng(5)) for _ in range(2))
    assert first.shape == (12, HEIGHT, WIDTH, 3)
    assert first.dtype == np.uint8
    assert np.array_equal(first, again)
    assert np.abs(first[0].astype(int) - first[-1]).mean() > 0.5


def test_a_film_comes_back_as_it_was_but_for_its_encoding() -> None:
    made = shot(halved("crab"), halved("fig"), "pan", 10, np.random.default_rng(5))
    back = decoded(encoded(made, RATE, 18))
    assert back.shape == made.shape
    assert np.abs(back.astype(int) - made).mean() < 6


def test_what_is_found_counts_by_kind_and_place() -> None:
    truth = Truth("repeated", 100, 125, source=25)
    assert matches(Edit("repeated", 4.0, 5.0, 1.0, source=1.0), truth)
    assert matches(Edit("repeated", 1.0, 2.0, 1.0, source=4.0), truth)
    assert not matches(Edit("inserted", 4.0, 5.0, 1.0), truth)
    assert not matches(Edit("repeated", 6.0, 7.0, 1.0, source=2.0), truth)
    drop = Truth("dropped", 50, 50)
    assert matches(Edit("dropped", 1.96, 2.0, 1.0), drop)
    assert not matches(Edit("dropped", 2.4, 2.44, 1.0), drop)


def test_f1_counts_what_is_missed_and_what_is_not_there() -> None:
    truth, hit = Truth("dropped", 50, 50), Edit("dropped", 1.96, 2.0, 1.0)
    outcomes = [outcome("dropped", truth, [hit]), outcome("dropped", truth, []), outcome("plain", None, [hit])]
    score, *counted = f1("dropped", outcomes)
    assert score == pytest.approx(0.5)
    assert counted == [1, 1, 1]
    assert outcomes[2].wrong == ("dropped",)


def test_a_scenario_is_measured_from_photographs_to_figures() -> None:
    photographs = {name: halved(name) for name in ("crab", "fig", "dogs", "stream")}
    measured = measure(films(photographs, 1, seed=4))
    assert [each.outcome.kind for each in measured] == [*UNTOUCHED, "repeated", "inserted", "dropped"]
    assert [each.edited for each in measured] == [False, False, True, True, True]
    assert any(each.outcome.found for each in measured)
    (join,) = [each.join for each in measured if each.join is not None]
    weights = fit_joins(measured)
    assert join @ weights[:-1] > np.median(measured[0].rows @ weights[:-1])
