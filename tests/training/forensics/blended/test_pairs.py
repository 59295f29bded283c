"""Pairs: the two have one past and one delivery, and differ where the source is."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.blends.network import BORDER, PART
from tests.training.forensics.blended.making import pairs
from training.forensics.blended.alterations import Look, Place, draw_look, looking, placed
from training.forensics.blended.blends import BLENDS
from training.forensics.blended.hosts import Canvas
from training.forensics.blended.loss import truth_of
from training.forensics.blended.pairs import OTHER, region
from training.forensics.scripted.histories import Coding, Delivery

PNG = Delivery()


@pytest.mark.parametrize("kind", [*BLENDS, OTHER])
def test_a_pair_is_a_function_of_its_number(kind: str) -> None:
    first, again, next_one = (pairs().pair(number, kind) for number in (4, 4, 5))
    assert first.kind == kind
    assert first.blended.shape == first.untouched.shape == (64, 64, 3)
    assert first.share.shape == (64, 64)
    assert np.array_equal(first.blended, again.blended)
    assert np.array_equal(first.untouched, again.untouched)
    assert not np.array_equal(first.blended, next_one.blended)


def test_the_twin_is_the_target_or_the_source_whole() -> None:
    """Over many pairs that are not coded: outside the share the blended one is the target."""
    hard = [pairs().pair(number, "hard", delivery=PNG) for number in range(16)]
    same = [np.array_equal(each.blended[each.share == 0], each.untouched[each.share == 0]) for each in hard]
    assert 2 < sum(same) < 14


def test_both_are_coded_alike() -> None:
    """What a second compression of the same quality hardly changes, was compressed by it."""
    made = pairs().pair(7, "feathered", delivery=Delivery(1.0, Coding("jpeg", 50)))
    plain = pairs().pair(7, "feathered", delivery=PNG)
    for coded, before in ((made.blended, plain.blended), (made.untouched, plain.untouched)):
        assert not np.array_equal(coded, before)
        assert np.abs(coded.astype(int) - before).mean() < 12


@pytest.mark.parametrize("scale", [0.5, 1.0, 1.25])
def test_any_delivery_leaves_squares_of_the_side(scale: float) -> None:
    assert pairs().pair(2, delivery=Delivery(scale)).blended.shape == (64, 64, 3)


def test_whole_pictures_keep_their_shape_and_are_as_long_as_asked() -> None:
    made = pairs().whole(0, "ramped", 200)
    height, width = made.blended.shape[:2]
    assert max(height, width) == 200
    assert height != width
    assert made.share.shape == (height, width)
    assert np.array_equal(made.blended, pairs().whole(0, "ramped", 200).blended)


@given(st.integers(0, 10_000), st.integers(40, 120), st.integers(40, 120))
def test_regions_lie_in_their_place(seed: int, height: int, width: int) -> None:
    canvas = Canvas(np.zeros((height, width, 3), np.uint8))
    anywhere = region(canvas, np.random.default_rng(seed))
    assert set(np.unique(anywhere)) <= {0.0, 1.0}
    assert anywhere.any()
    left, top, across, down = width // 4, height // 4, width // 2, height // 2
    inside = region(replace(canvas, place=(left, top, across, down)), np.random.default_rng(seed))
    bent = 0.06 * min(height, width) + 2
    rows, columns = np.nonzero(inside)
    assert top - bent <= rows.min()
    assert rows.max() <= top + down + bent
    assert left - bent <= columns.min()
    assert columns.max() <= left + across + bent


@given(st.integers(0, 10_000))
def test_every_look_changes_something(seed: int) -> None:
    random = np.random.default_rng(seed)
    assert draw_look(random) != Look()


def test_looks_do_what_they_say() -> None:
    grey = np.full((32, 32, 3), 100, np.uint8)
    random = np.random.default_rng(0)
    assert (looking(grey, Look(), random) == grey).all()
    assert (looking(grey, Look(shift=(10, 0, -10)), random) == (110, 100, 90)).all()
    edge = grey.copy()
    edge[:, 16:] = 180
    steepness = {
        name: np.abs(np.diff(looking(edge, look, random).astype(int), axis=1)).max()
        for name, look in {"soft": Look(sharpen=-1.5), "as it is": Look(), "sharp": Look(sharpen=1.5)}.items()
    }
    assert steepness["soft"] < steepness["as it is"] < steepness["sharp"]


def test_places_move_what_is_there() -> None:
    dot = np.zeros((40, 40, 3), np.uint8)
    cv2.circle(dot, (20, 20), 3, (255, 255, 255), -1)
    moved = placed(dot, Place(right=5, down=-3))
    rows, columns = np.nonzero(moved[..., 0] > 127)
    assert (round(columns.mean()), round(rows.mean())) == (25, 17)


def test_the_border_lies_where_shares_change() -> None:
    shares = np.zeros((2, 32, 32), np.float32)
    shares[0, 8:24, 8:24] = 1
    truth = truth_of(shares)
    assert truth.shape == (2, 2, 8, 8)
    assert truth[0, PART, 3, 3] == 1
    assert truth[0, BORDER, 3:5, 3:5].max() < 0.3
    assert truth[0, BORDER, 2, 2] > 0.9
    assert truth[1].max() == 0
