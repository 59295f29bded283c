"""Where the things of a scene stand. It knows squares in the unit square, and no pixels."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from training.scenes.scene import Box, Scene

_FILL = (0.82, 0.98)  # of its cell, how much a thing fills
_ALONE = (0.62, 0.86)  # the same for a thing that has the picture to itself
_MARGIN = 0.03


class _Region(NamedTuple):
    left: float
    top: float
    width: float
    height: float


def lay_out(scene: Scene, rng: np.random.Generator) -> tuple[Box, ...]:
    """A square for every thing, none over another, all inside the picture."""
    regions = _regions(scene, rng)
    return tuple(
        _inside(cell, index, scene, rng)
        for index, region in enumerate(regions)
        for cell in _cells(region, scene.groups[index].count)
    )


def _regions(scene: Scene, rng: np.random.Generator) -> tuple[_Region, ...]:
    """A part of the picture for each group, as their relation has it."""
    relation = scene.relation
    if not relation:
        return (_Region(0, 0, 1, 1),)
    if relation == "and":
        relation = ("left of", "right of", "above", "below")[int(rng.integers(4))]
    share = _share(scene)
    if relation in {"left of", "right of"}:
        share = share if relation == "left of" else 1 - share
        parts = (_Region(0, 0, share, 1), _Region(share, 0, 1 - share, 1))
    else:
        share = share if relation == "above" else 1 - share
        parts = (_Region(0, 0, 1, share), _Region(0, share, 1, 1 - share))
    return parts if relation in {"left of", "above"} else parts[::-1]


def _share(scene: Scene) -> float:
    """How much of the picture the first group gets: more things need more room."""
    first, second = (math.sqrt(group.count) for group in scene.groups)
    return min(max(first / (first + second), 0.4), 0.6)


def _cells(region: _Region, count: int) -> Iterator[_Region]:
    """Squares for `count` things, as large as the region allows, in rows that are centred in it."""
    columns, side = max(
        ((columns, _side(region, count, columns)) for columns in range(1, count + 1)), key=lambda each: each[1]
    )
    rows = math.ceil(count / columns)
    top = region.top + (region.height - rows * side) / 2
    for row in range(rows):
        here = min(columns, count - row * columns)
        left = region.left + (region.width - here * side) / 2
        for column in range(here):
            yield _Region(left + column * side, top + row * side, side, side)


def _side(region: _Region, count: int, columns: int) -> float:
    return min(region.width / columns, region.height / math.ceil(count / columns))


def _inside(cell: _Region, group: int, scene: Scene, rng: np.random.Generator) -> Box:
    """A square inside its cell, smaller and shifted by chance."""
    low, high = _ALONE if not scene.relation and scene.groups[0].count == 1 else _FILL
    side = cell.width * float(rng.uniform(low, high)) * (1 - _MARGIN)
    room = cell.width - side
    left, top = cell.left + room * float(rng.random()), cell.top + room * float(rng.random())
    return Box(group, left, top, side)
