"""Squares stand inside the picture, apart from each other, and where their relation has them."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
from hypothesis import given, settings

from tests.training.scenes.laws import SCENES, SEEDS
from training.scenes.layout import lay_out
from training.scenes.scene import Box, Group, Scene

SLACK = 1e-9


def middle(boxes: list[Box]) -> tuple[float, float]:
    """The centre of mass of squares: from the left and from the top."""
    areas = np.array([box.side**2 for box in boxes])
    left = np.array([box.left + box.side / 2 for box in boxes])
    top = np.array([box.top + box.side / 2 for box in boxes])
    return float(np.average(left, weights=areas)), float(np.average(top, weights=areas))


def overlap(one: Box, other: Box) -> float:
    """The smaller of how far two squares reach over each other along either axis."""
    wide = min(one.left + one.side, other.left + other.side) - max(one.left, other.left)
    high = min(one.top + one.side, other.top + other.side) - max(one.top, other.top)
    return min(wide, high)


@settings(max_examples=300)
@given(SCENES, SEEDS)
def test_things_stand_inside_and_apart(scene: Scene, seed: int) -> None:
    boxes = lay_out(scene, np.random.default_rng(seed))
    for box in boxes:
        assert box.side > 0.1
        assert min(box.left, box.top) >= -SLACK
        assert max(box.left, box.top) + box.side <= 1 + SLACK
    for one, other in itertools.combinations(boxes, 2):
        assert overlap(one, other) <= SLACK


@given(SCENES, SEEDS)
def test_there_are_as_many_as_the_scene_says(scene: Scene, seed: int) -> None:
    boxes = lay_out(scene, np.random.default_rng(seed))
    counts = Counter(box.group for box in boxes)
    assert counts == {index: group.count for index, group in enumerate(scene.groups)}


@settings(max_examples=300)
@given(SCENES.filter(lambda scene: scene.relation not in {"", "and"}), SEEDS)
def test_relations_hold(scene: Scene, seed: int) -> None:
    boxes = lay_out(scene, np.random.default_rng(seed))
    first, second = ([box for box in boxes if box.group == group] for group in (0, 1))
    if scene.relation in {"right of", "below"}:
        first, second = second, first
    axis = 0 if scene.relation in {"left of", "right of"} else 1
    assert middle(first)[axis] < middle(second)[axis]
    # Not only on the whole: each of the one stands before each of the other.
    ends = [(box.left, box.top)[axis] + box.side for box in first]
    starts = [(box.left, box.top)[axis] for box in second]
    assert max(ends) <= min(starts) + SLACK


def test_and_leaves_open_how_they_stand() -> None:
    scene = Scene((Group("cat"), Group("dog")), style="flat", relation="and")
    sides = set()
    for seed in range(40):
        one, other = lay_out(scene, np.random.default_rng(seed))
        across, down = other.left - one.left, other.top - one.top
        sides.add(
            ("right" if across > 0 else "left") if abs(across) > abs(down) else ("below" if down > 0 else "above")
        )
    assert sides == {"left", "right", "above", "below"}
