"""What is fitted as familiar keeps its promise for new pictures of the same kind, and sees others."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import InvalidInput
from training.evaluation.detecting.familiar import fit_familiar


def test_new_pictures_of_the_kind_are_familiar_and_others_are_not() -> None:
    rng = np.random.default_rng(1)
    mixing = rng.normal(size=(4, 20))

    def pictures(count: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        made: np.ndarray[tuple[int, ...], np.dtype[np.float64]] = rng.normal(size=(count, 4)) @ mixing
        return made + rng.normal(0, 0.1, (count, 20))

    fitted = fit_familiar(pictures(300), list(range(300)), axes=4, alpha=0.02)
    new = np.array([fitted.distance(each) for each in pictures(500)])
    assert (new > fitted.limit).mean() <= 0.05
    assert 0.5 < np.median(new) < 1.5
    strange = np.array([fitted.distance(each) for each in rng.normal(size=(50, 20)) * 3])
    assert (strange > fitted.limit).all()


def test_features_that_never_change_do_not_divide_by_zero() -> None:
    fitted = fit_familiar(np.ones((120, 5)), list(range(120)))
    assert fitted.distance(np.ones(5, np.float32)) == 0.0
    assert fitted.distance(np.zeros(5, np.float32)) > fitted.limit


@pytest.mark.parametrize(("count", "alpha"), [(9, 0.2), (50, 0.01)])
def test_too_few_photographs_are_refused(count: int, alpha: float) -> None:
    with pytest.raises(InvalidInput) as caught:
        fit_familiar(np.random.default_rng(2).normal(size=(count, 3)), list(range(count)), alpha=alpha)
    assert caught.value.found == str(count)
