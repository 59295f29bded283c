"""What never looks at pictures: finds what leaks, and nothing where nothing does."""

from __future__ import annotations

import numpy as np
import pytest

from training.evaluation.detecting.baselines import (
    folds_of,
    looks_of,
    of_mean_colour,
    of_size_and_format,
    out_of_fold,
)
from training.evaluation.detecting.passes import Facts
from training.evaluation.detecting.ranking import auc


def facts(side: int, mime: str = "image/jpeg", red: float = 100.0) -> Facts:
    return Facts(side, side, mime, 90 if mime == "image/jpeg" else 0, (red, 90.0, 80.0))


TRUTH = np.arange(40) % 2 == 0
NAMES = [str(number) for number in range(40)]


@pytest.mark.parametrize("leak", ["side", "mime"])
def test_sizes_and_formats_give_classes_away(leak: str) -> None:
    made = {"side": facts(512), "mime": facts(640, "image/png")}[leak]
    seen = [made if positive else facts(640) for positive in TRUTH]
    looks = looks_of(of_size_and_format, seen, TRUTH, NAMES)
    assert auc(np.array([each.rank for each in looks]), TRUTH) == 1.0
    colours = looks_of(of_mean_colour, seen, TRUTH, NAMES)
    assert auc(np.array([each.rank for each in colours]), TRUTH) == 0.5


def test_mean_colours_give_classes_away() -> None:
    rng = np.random.default_rng(1)
    seen = [facts(640, red=float(rng.normal(150 if positive else 100, 5))) for positive in TRUTH]
    looks = looks_of(of_mean_colour, seen, TRUTH, NAMES)
    assert auc(np.array([each.rank for each in looks]), TRUTH) > 0.95


def test_where_nothing_leaks_nothing_is_found() -> None:
    looks = looks_of(of_size_and_format, [facts(320)] * 40, TRUTH, NAMES)
    assert {each.rank for each in looks} == {0.0}


def test_nothing_is_learned_from_the_photograph_that_is_asked_about() -> None:
    """Every photograph has a feature of its own: in fold it tells everything, out of fold nothing."""
    names = [str(number // 2) for number in range(40)]
    truth = np.array([int(name) % 2 == 0 for name in names])
    own = np.eye(20)[[int(name) for name in names]]
    assert abs(auc(out_of_fold(own, truth, names), truth) - 0.5) < 0.2
    folds = folds_of(truth, names)
    assert all(len(set(folds[np.array(names) == name])) == 1 for name in set(names))
    for fold in range(5):
        assert 0 < truth[folds == fold].sum() < (folds == fold).sum()


def test_too_few_to_learn_from_is_no_opinion() -> None:
    assert out_of_fold(np.arange(2.0)[:, None], np.array([True, False]), ["a", "b"]).tolist() == [0.0, 0.0]
