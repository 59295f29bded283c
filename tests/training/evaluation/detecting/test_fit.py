"""Laws of the fit: monotone, bounded, what isotonic regression is by definition, and honest about error rates."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.errors import InvalidInput
from detectors.base import Verdict
from training.evaluation.detecting.fit import fit, fitted
from training.evaluation.detecting.groups import conformal

Floats = NDArray[np.float64]


def drawn(rng: np.random.Generator, groups: int, each: int, mean: float) -> tuple[Floats, NDArray[np.int64]]:
    """Scores of photographs with something in common, and their groups."""
    common = rng.normal(mean, 1.0, groups)
    which = np.repeat(np.arange(groups), each)
    return common[which] + rng.normal(0, 0.3, len(which)), which


@given(st.integers(0, 2**32 - 1), st.integers(34, 60), st.integers(1, 3), st.floats(-1, 4))
def test_a_fit_is_bounded_and_keeps_its_own_promise(seed: int, groups: int, each: int, apart: float) -> None:
    rng = np.random.default_rng(seed)
    clean, which = drawn(rng, groups, each, 0.0)
    made, other = drawn(rng, groups, each, apart)
    fitted = fit([*clean, *made], [*np.zeros(len(clean), bool), *np.ones(len(made), bool)], [*which, *other])
    assert max(map(abs, fitted.log10_lrs)) <= math.log10(groups) + 1e-9
    assert fitted.photographs == groups
    assert fitted.judge(fitted.detected_from).log10_lr >= 0 >= fitted.judge(fitted.absent_to).log10_lr
    verdicts = [fitted.judge(score).verdict for score in clean]
    assert sum(verdict is Verdict.DETECTED for verdict in verdicts) / len(clean) <= 0.03 + 1e-9
    assert 0 <= fitted.fpr_low <= fitted.fpr <= fitted.fpr_high <= 1
    assert sum(fitted.judge(score).verdict is Verdict.NOT_DETECTED for score in made) / len(made) <= 0.03 + 1e-9


def test_a_photograph_counts_once_however_often_it_was_cropped() -> None:
    rng = np.random.default_rng(4)
    clean, made = rng.normal(0, 1, 40), rng.normal(2, 1, 40)
    labels = [False] * 40 + [True] * 40
    names = [*range(40), *range(40)]
    once = fit([*clean, *made], labels, names)
    again = fit([*clean, *made, *([clean[3]] * 50)], [*labels, *([False] * 50)], [*names, *([3] * 50)])
    assert once.log10_lrs == pytest.approx(again.log10_lrs)
    assert (once.detected_from, once.absent_to, once.photographs) == (
        again.detected_from,
        again.absent_to,
        again.photographs,
    )
    assert once.fpr == pytest.approx(again.fpr)


def test_conformal_limits_cover_what_is_exchangeable() -> None:
    rng = np.random.default_rng(5)
    beyond, trials = 0, 4000
    for _ in range(trials):
        values, which = drawn(rng, 40, 2, 0.0)
        new, _ = drawn(rng, 1, 1, 0.0)
        beyond += bool(new[0] > conformal(values, which.tolist(), 0.1))
    # Four standard errors of a rate of 0.1; the promise is from above, and with 40 groups within 1/41 of it.
    assert beyond / trials <= 0.1 + 4 * math.sqrt(0.09 / trials)
    assert beyond / trials >= 0.1 - 1 / 41 - 4 * math.sqrt(0.09 / trials)


def test_the_probabilities_of_a_good_score_are_its_own() -> None:
    rng = np.random.default_rng(6)
    truth = rng.random(6000) < 0.5
    scores = rng.normal(np.where(truth, 0.7, -0.7), 1.0)  # whose log odds are 1.4 times the score
    fitted = fit(scores[:4000], truth[:4000], np.arange(4000))
    held, sure = truth[4000:], np.array([fitted.judge(score).probability for score in scores[4000:]])
    bins = np.minimum((sure * 10).astype(int), 9)
    error = sum(abs((held[bins == each] - sure[bins == each]).sum()) for each in range(10)) / len(held)
    assert error < 0.03
    assert np.abs(sure - 1 / (1 + np.exp(-1.4 * scores[4000:]))).mean() < 0.04


def test_limits_that_cross_leave_the_gap_unsaid() -> None:
    rng = np.random.default_rng(7)
    fitted = fit([*rng.uniform(0, 0.2, 50), *rng.uniform(0.8, 1, 50)], [False] * 50 + [True] * 50, list(range(100)))
    assert fitted.absent_to < 0.2 < 0.8 < fitted.detected_from
    assert [fitted.judge(score).verdict for score in (0.1, 0.5, 0.95)] == [
        Verdict.NOT_DETECTED,
        Verdict.ABSTAINED,
        Verdict.DETECTED,
    ]


def test_what_is_likelier_of_the_other_kind_has_no_verdict() -> None:
    """5% of the clean and 2.5% of what is looked for lie in 5 to 6.5, and the quantile of the clean lies there, too."""
    clean = [*np.linspace(-3, -1, 950), *np.linspace(5, 6.5, 50)]
    made = [*np.linspace(-3, -1, 60), *np.linspace(5, 6.5, 25), *np.linspace(8, 10, 915)]
    for sign, clean_side in ((1, False), (-1, True)):
        labels = [clean_side] * 1000 + [not clean_side] * 1000
        known = fit(sign * np.array([*clean, *made]), labels, list(range(2000)))
        assert known.judge(known.detected_from).log10_lr >= 0 >= known.judge(known.absent_to).log10_lr
        assert known.judge(sign * 9.0).verdict is (Verdict.NOT_DETECTED if clean_side else Verdict.DETECTED)


def test_too_few_photographs_are_told_how_many_are_needed() -> None:
    scores, labels = [0.1] * 40 + [0.9] * 40, [False] * 40 + [True] * 40
    with pytest.raises(InvalidInput, match="needs 33 independent photographs, found 8") as caught:
        fit(scores, labels, [index % 8 for index in range(80)])
    assert (caught.value.field, caught.value.limit, caught.value.found) == ("groups", "33", "8")


def test_the_rate_is_counted_on_photographs_that_set_no_limit() -> None:
    rng = np.random.default_rng(8)
    rates, own, true = [], [], []
    for _ in range(60):
        clean, which = drawn(rng, 40, 1, 0.0)
        made, other = drawn(rng, 40, 1, 1.0)
        labels = [*np.zeros(40, bool), *np.ones(40, bool)]
        known = fit([*clean, *made], labels, [*which, *(other + 40)], alpha=0.2)
        unseen, _ = drawn(rng, 2000, 1, 0.0)
        rates.append(known.fpr)
        own.append(float((clean >= known.detected_from).mean()))
        true.append(float((unseen >= known.detected_from).mean()))
    # That of its own photographs is below what others give; that of photographs left out is not.
    assert np.mean(own) < np.mean(true) - 0.01
    assert abs(np.mean(rates) - np.mean(true)) < 0.015


def test_whoever_made_a_picture_is_not_known_where_it_is_judged() -> None:
    rng = np.random.default_rng(9)
    scores = [*rng.normal(0, 1, 60), *rng.normal(4, 1, 60), *rng.normal(-4, 1, 20)]
    labels, photographs = [False] * 60 + [True] * 80, list(range(140))
    makers = ["", *[""] * 59, *["a"] * 60, *["b"] * 20]
    with pytest.raises(InvalidInput, match="needs 33 photographs of a class beside them, found 20") as caught:
        fit(scores, labels, photographs, makers=makers)
    assert (caught.value.field, caught.value.limit, caught.value.found) == ("groups", "33", "20")
    apart = fitted(scores, labels, photographs, 0.2, makers).held.ratios
    together = fitted(scores, labels, photographs, 0.2).held.ratios
    # Scores that one maker alone reaches mean nothing to who does not know it.
    assert apart[-20:].mean() < together[-20:].mean()


def test_one_photograph_more_than_the_limit_needs_is_enough() -> None:
    scores, labels = [*np.linspace(0, 1, 34), *np.linspace(0.5, 1.5, 34)], [False] * 34 + [True] * 34
    assert fit(scores, labels, list(range(68))).photographs == 34
    with pytest.raises(InvalidInput, match="needs 33 photographs of a class beside them, found 32"):
        fit(scores[:33] + scores[34:67], labels[:33] + labels[34:67], list(range(66)))


@pytest.mark.parametrize(
    ("scores", "labels", "field"),
    [([0.1, np.nan], [True, False], "scores"), ([0.1, 0.2], [True], "scores"), ([0.1, 0.2], [True, True], "labels")],
)
def test_what_cannot_be_fitted_is_refused(scores: list[float], labels: list[bool], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        fit(scores, labels, list(range(len(scores))))
    assert caught.value.field == field
