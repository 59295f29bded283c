"""Eight answers: their mean, and how they differ."""

from __future__ import annotations

import numpy as np
import pytest

from generators.base import Progress
from generators.medical.ensemble import Plane, ensemble

PLANE = np.random.default_rng(11).random((5, 7)).astype(np.float32)


def twice(plane: Plane, progress: Progress) -> Plane:
    """Looks at every pixel alone, whichever way the picture lies."""
    progress(1.0)
    return np.repeat(np.repeat(plane, 2, axis=0), 2, axis=1)


def leaning(plane: Plane, progress: Progress) -> Plane:
    """Depends on which way the picture lies: brighter towards its right."""
    progress(1.0)
    return plane + np.linspace(0.0, 1.0, plane.shape[1], dtype=np.float32)


def test_a_method_without_a_side_has_no_spread() -> None:
    mean, spread = ensemble(twice, PLANE, lambda _: None)
    assert np.array_equal(mean, twice(PLANE, lambda _: None))
    assert (spread == 0).all()


def test_what_depends_on_the_side_is_evened_out_and_shows() -> None:
    square = PLANE[:5, :5]
    mean, spread = ensemble(leaning, square, lambda _: None)
    assert np.allclose(mean - square, 0.5)
    # Right, left, up and down, twice each: of the corner that is 0, 1, 0, 1 and so on.
    assert spread[0, 0] == pytest.approx(0.5)
    assert spread[2, 2] == pytest.approx(0.0, abs=1e-6)


def test_deviations_are_told_among_large_values() -> None:
    def large(plane: Plane, progress: Progress) -> Plane:
        return leaning(plane, progress) * np.float32(1e-3) + np.float32(1000.0)

    _, spread = ensemble(large, np.zeros((5, 5), np.float32), lambda _: None)
    assert spread[0, 0] == pytest.approx(0.5e-3, rel=0.1)


def test_progress_is_of_all_eight() -> None:
    heard: list[float] = []
    ensemble(twice, PLANE, heard.append)
    assert heard == [(number + 1) / 8 for number in range(8)]
