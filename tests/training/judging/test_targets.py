"""What the judge is taught is what the scene shows, and what it reads from perfect maps is the scene."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given

from tests.training.scenes.laws import SCENES, SEEDS, VOCABULARY
from training.judging.ceiling import measured, words_of
from training.judging.labels import Labels, Maps
from training.judging.reading import Thing, things_of
from training.judging.targets import NOT_TOLD, Targets, targets_of
from training.scenes.layout import lay_out
from training.scenes.scene import Box, Group, Scene

LABELS = Labels.of(VOCABULARY)
CELLS = 16


def perfect(targets: Targets) -> Maps:
    """The maps of a network that knows it all."""
    count = len(targets.heat)
    logits = torch.where(targets.heat.eq(1), 8.0, targets.heat * 0.8 - 8.0)
    parts = [torch.zeros(count, width, CELLS, CELLS) for width in LABELS.widths[1:]]
    for (picture, row, column, _, *kinds), square in zip(targets.things.tolist(), targets.geometry, strict=True):
        parts[0][picture, :, row, column] = square
        for part, kind in zip(parts[1:], kinds, strict=True):
            if kind != NOT_TOLD:
                part[picture, kind, row, column] = 1
    return Maps(logits, *parts)


@given(SCENES, SEEDS)
def test_perfect_maps_read_as_the_scene(scene: Scene, seed: int) -> None:
    boxes = lay_out(scene, np.random.default_rng(seed))
    targets = targets_of([(scene, boxes)], LABELS, CELLS)
    assert targets.heat.eq(1).sum() == len(boxes) == len(targets.things)
    (seen,) = things_of(perfect(targets), LABELS, 0.5)
    found = measured([seen], [(scene, boxes)])
    shares = {name: found[name] for name in ("found", "whole", "colour", "style", "gender", "tone")}
    assert all(share == 1 for name, share in shares.items() if found[f"{name}_count"])
    assert found["found_count"] == sum(words_of(scene).values())


def test_what_is_not_told_is_not_taught() -> None:
    scene = Scene((Group("apple"),), style="3d")
    (thing,) = targets_of([(scene, [Box(0, 0.25, 0.5, 0.5)])], LABELS, CELLS).things.tolist()
    assert thing == [0, 12, 8, LABELS.words.index("apple"), NOT_TOLD, 0, NOT_TOLD, NOT_TOLD]


def test_squares_lie_where_they_are_told() -> None:
    scene = Scene((Group("apple"),), style="3d")
    targets = targets_of([(scene, [Box(0, 0.1, 0.3, 0.25)])], LABELS, CELLS)
    ((thing,),) = things_of(perfect(targets), LABELS, 0.5)
    assert np.allclose([thing.across, thing.down, thing.side], [0.225, 0.425, 0.25])


def test_one_thing_is_not_seen_twice() -> None:
    scene = Scene((Group("apple"),), style="3d")
    targets = targets_of([(scene, [Box(0, 0.1, 0.1, 0.8)])], LABELS, CELLS)
    maps = perfect(targets)
    # Another word, less sure, three cells away: within the same thing.
    maps.heat[0, LABELS.words.index("lemon"), 8, 11] = 3.0
    maps.geometry[0, :, 8, 11] = torch.tensor([0.5, 0.5, 12.0])
    (seen,) = things_of(maps, LABELS, 0.5)
    assert [thing.word for thing in seen] == ["apple"]


def test_the_ceiling_counts_what_is_wrong() -> None:
    scene, boxes = Scene((Group("apple", colour="red"),), style="3d"), [Box(0, 0.1, 0.1, 0.8)]
    thing = Thing("apple", 0.9, 0.5, 0.5, 0.8, "blue", "3d", "man", 0)
    elsewhere = Thing("apple", 0.9, 0.95, 0.5, 0.1, "red", "3d", "man", 0)
    found = measured([[thing], [elsewhere], [thing, elsewhere]], [(scene, boxes)] * 3)
    assert (found["found"], found["found_count"]) == (0.6667, 3)
    assert (found["colour"], found["colour_count"]) == (0, 2)
    assert found["whole"] == 0.6667
    assert found["whole_low"] < 0.6667 < found["whole_high"]
