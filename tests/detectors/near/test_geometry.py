"""The second look: what was moved, scaled and turned as one shape agrees, and what was not does not."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.near.description import Marks, unit
from detectors.near.geometry import Agreement, agreement

_TURNS = st.floats(-np.pi, np.pi)
_SIZES = st.floats(0.5, 2.0)
_SHIFTS = st.floats(-200, 200)


def marks(seed: int, count: int = 40) -> Marks:
    rng = np.random.default_rng(seed)
    places = np.column_stack([rng.uniform(0, 480, (count, 2)), rng.uniform(1, 5, count), rng.uniform(-3, 3, count)])
    return Marks(places.astype(np.float32), unit(rng.normal(size=(count, 32)).astype(np.float32)))


def moved(whole: Marks, turn: float, size: float, across: float, down: float) -> Marks:
    """As the picture would show them turned, scaled and shifted."""
    rotation = size * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    places = whole.places.astype(np.float64)
    places[:, :2] = places[:, :2] @ rotation.T + [across, down]
    places[:, 2] += np.log2(size)
    places[:, 3] += turn
    return Marks(places.astype(np.float32), whole.seen)


@settings(max_examples=30, deadline=None)
@given(turn=_TURNS, size=_SIZES, across=_SHIFTS, down=_SHIFTS)
def test_a_similarity_is_found_whole(turn: float, size: float, across: float, down: float) -> None:
    listed = marks(1)
    found = agreement(moved(listed, turn, size, across, down), listed)
    assert found.points == len(listed)
    assert found.cells > 20


def test_a_part_is_found_among_other_points() -> None:
    listed, others = marks(1), marks(2, 300)
    part = moved(listed, 0.2, 1.3, 40, -10)
    asked = Marks(np.concatenate([part.places[:15], others.places]), np.concatenate([part.seen[:15], others.seen]))
    assert agreement(asked, listed).points >= 15


def test_points_that_look_alike_and_lie_anywhere_are_no_copy() -> None:
    listed = marks(1)
    scattered = Marks(marks(3).places, listed.seen)
    assert agreement(scattered, listed).points <= 5


def test_points_whose_own_angle_stayed_while_the_whole_turned_are_no_copy() -> None:
    listed = marks(1)
    turned = moved(listed, 1.0, 1.0, 0, 0)
    turned.places[:, 3] -= 1.0
    assert agreement(turned, listed).points == 0


def test_nothing_agrees_with_nothing() -> None:
    assert agreement(marks(1, 0), marks(1)) == agreement(marks(1), marks(1, 3)) == Agreement()
