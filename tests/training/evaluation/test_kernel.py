"""The kernel distance is nothing between sets of one distribution, and grows with what is between them."""

from __future__ import annotations

import numpy as np
import pytest

from training.evaluation.text_to_image.kernel import distance


def sets(shift: float, count: int = 200, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    first, second = rng.normal(size=(2, count, 12)).astype(np.float32)
    return first, second + np.float32(shift)


def test_sets_of_one_distribution_are_at_nothing() -> None:
    values = [distance(*sets(0, seed=seed)).value for seed in range(12)]
    # Unbiased: on both sides of nothing, and near it.
    assert min(values) < 0 < max(values)
    assert abs(np.mean(values)) < 0.03
    assert all(found.low < 0 < found.high for found in [distance(*sets(0))])


def test_it_grows_with_what_is_between() -> None:
    values = [distance(*sets(shift)).value for shift in (0, 0.25, 0.5, 1.0)]
    assert values == sorted(values)
    assert distance(*sets(0.5)).low > 0


def test_it_is_the_papers_estimate() -> None:
    first, second = sets(0.3, count=6)
    pairs = [(one, other) for one in range(6) for other in range(6) if one != other]

    def kernel(left: np.ndarray, right: np.ndarray) -> float:
        return float((left @ right / 12 + 1) ** 3)

    total = sum(
        kernel(first[one], first[other]) + kernel(second[one], second[other]) - 2 * kernel(first[one], second[other])
        for one, other in pairs
    )
    assert distance(first, second).value == pytest.approx(total / 30, rel=1e-4)


def test_what_pictures_of_one_prompt_have_in_common_is_no_closeness() -> None:
    common = np.random.default_rng(5).normal(size=(200, 12)).astype(np.float32) * 3
    values = []
    for seed in range(12):
        first, second = sets(0, seed=seed)
        values.append(distance(common + first, common + second).value)
    assert min(values) < 0 < max(values)


def test_it_is_the_same_twice() -> None:
    assert distance(*sets(0.2), seed=3) == distance(*sets(0.2), seed=3)
