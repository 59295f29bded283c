"""Pictures that steer show where things stand, and nothing of their colours."""

from __future__ import annotations

import numpy as np
from hypothesis import given

from tests.training.scenes.laws import SCENES, SEEDS
from training.scenes.controls import edges, outlines
from training.scenes.layout import lay_out
from training.scenes.scene import Scene
from training.scenes.source import Source


@given(SCENES, SEEDS)
def test_every_square_has_its_outline_and_an_empty_inside(scene: Scene, seed: int) -> None:
    boxes = lay_out(scene, np.random.default_rng(seed))
    drawn = outlines(boxes, 64)
    assert drawn.shape == (64, 64, 3)
    assert set(np.unique(drawn)) == {0, 255}
    for box in boxes:
        row, column = round((box.top + box.side / 2) * 64), round((box.left + box.side / 2) * 64)
        assert drawn[row, min(round(box.left * 64), 63)].all()
        assert drawn[min(round((box.top + box.side) * 64), 63), column].all()
        assert not drawn[row, column].any()


def test_edges_lie_around_what_is_drawn(source: Source) -> None:
    for index in range(20):
        scene = source.scene(index)
        picture, boxes = source.picture(scene, index)
        drawn = edges(picture)
        assert drawn.shape == picture.shape
        assert set(np.unique(drawn)) == {0, 255}
        assert (drawn[..., 0] == drawn[..., 2]).all()
        around = np.zeros((64, 64), bool)
        for box in boxes:
            top, left = (max(0, int(edge * 64) - 2) for edge in (box.top, box.left))
            reach = int(np.ceil(box.side * 64)) + 5
            around[top : top + reach, left : left + reach] = True
        assert not drawn[~around].any()
