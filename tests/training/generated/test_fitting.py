"""Deliveries that are alike for all, folds that do not know what they judge, and fits that find what is there."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.base import Verdict
from training.evaluation.intervals import auc
from training.generated.deliveries import LEAST, MOST, deliver, draw
from training.generated.features import Figures
from training.generated.fitting import balanced, fit, folds, fuse, left_out, scores_of, strict_folds
from training.generated.measure import turned


def figures(shift: float, count: int = 120) -> Figures:
    """Every third is generated and has its first figure moved by `shift`; every picture comes twice."""
    random = np.random.default_rng(9)
    made = np.arange(count) % 3 == 0
    pixels = random.normal(size=(count, 40)) + shift * made[:, None] * np.eye(40)[0]
    names = np.array([f"{bool(each)}{number // 6}" for number, each in enumerate(made)])
    sources = np.array([f"{'g' if each else 'p'}{number // 6 % 3}" for number, each in enumerate(made)])
    blank = np.full(count, "")
    return Figures(
        np.zeros((count, 0), np.float32), pixels.astype(np.float32), names, made, sources, sources, blank, blank
    )


@settings(deadline=None, max_examples=50)
@given(st.integers(64, 700), st.integers(64, 700), st.integers(0, 2**32 - 1))
def test_what_arrives_is_as_it_was_drawn(height: int, width: int, seed: int) -> None:
    picture = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    drawn = draw(np.random.default_rng(seed), height, width)
    arrived = deliver(picture, drawn)
    assert arrived.shape == (drawn.height, drawn.width, 3)
    assert min(arrived.shape[:2]) <= MOST
    assert min(arrived.shape[:2]) >= min(LEAST, height, width) - 1
    assert max(arrived.shape[:2]) <= max(height, width)


def test_no_fold_knows_what_it_judges() -> None:
    known = figures(1.0)
    times = np.zeros(len(known.names), int)
    for learned, judged in folds(known):
        assert not set(known.names[learned]) & set(known.names[judged])
        assert not set(known.sources[learned & known.made]) & set(known.sources[judged & known.made])
        times += judged
    assert set(times) == {1}
    for learned, judged in strict_folds(known):
        assert not set(known.sources[learned]) & set(known.sources[judged])


def test_sources_of_a_class_weigh_together_what_the_other_class_weighs() -> None:
    known = figures(1.0)
    weights = balanced(known, np.ones(len(known.names), bool))
    np.testing.assert_allclose(weights[known.made].sum(), weights[~known.made].sum())
    assert balanced(known, known.sources == "p0")[known.sources != "p0"].sum() == 0


def test_left_out_scores_find_what_is_there_and_nothing_where_nothing_is() -> None:
    there, nothing = figures(6.0), figures(0.0)
    scores = left_out(there.pixels, there, 0.3)
    assert auc(scores[there.made], scores[~there.made]) > 0.85
    scores = left_out(nothing.pixels, nothing, 0.3)
    assert 0.3 < auc(scores[nothing.made], scores[~nothing.made]) < 0.7


def test_more_penalty_is_less_weight_and_the_probe_scores_as_it_was_fitted() -> None:
    known = figures(3.0)
    weights = balanced(known, np.ones(len(known.names), bool))
    loose, tight = (fit(known.pixels, known.made, weights, penalty) for penalty in (0.001, 1.0))
    assert np.linalg.norm(tight.weights) < np.linalg.norm(loose.weights)
    assert np.argmax(np.abs(loose.weights)) == 0
    at_once = scores_of(loose, known.pixels)
    np.testing.assert_allclose(at_once, [loose.log_odds(each) for each in known.pixels], rtol=1e-6)


def test_a_branch_has_no_vote_against_what_it_says_and_none_where_it_may_not() -> None:
    known = figures(3.0)
    weights = balanced(known, np.ones(len(known.names), bool))
    says = known.pixels[:, 0].astype(np.float64)
    odds = np.stack([says, -says], axis=1)
    good, wrong = fuse(odds, known.made, weights, (True, True)).weights
    assert good > 0
    assert wrong == 0
    assert fuse(odds, known.made, weights, (False, True)).weights.tolist() == [0, 0]


def test_verdicts_that_another_delivery_turns_are_counted_by_picture() -> None:
    known = figures(1.0, 12)  # names come twice
    detected, absent, silent = Verdict.DETECTED, Verdict.NOT_DETECTED, Verdict.ABSTAINED
    turns, stays, *_ = dict.fromkeys(known.names.tolist())
    says = {turns: iter([detected, absent]), stays: iter([detected, silent])}
    said = [next(says[name], silent) if name in says else silent for name in known.names.tolist()]
    row = turned(known, said)
    assert (row.value, row.made + row.taken) == (0.5, 2)
    assert row.low < 0.5 < row.high
