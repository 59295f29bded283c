"""What the judge should say of a scene: a bump of heat at every thing, and what stands there.

After Objects as Points (Zhou et al. 2019). It knows scenes and cells. It does not know the network.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from training.judging.labels import Labels
from training.scenes.scene import Box, Scene
from training.scenes.vocabulary import GENDERS

NOT_TOLD = -100
"""For what a scene does not say, such as the colour of a drawing in its own colours; torch's losses leave it out."""
_SPREAD = 8.0  # a bump's deviation is this part of the thing's side
_NARROWEST = 0.45  # cells


@dataclass(frozen=True, eq=False, slots=True)
class Targets:
    """heat: float32 (n, words, cells, cells), 1 at centres. things: int64 (m, 8): picture, row, column, word, colour,
    style, gender, tone; NOT_TOLD where unknown. geometry: float32 (m, 3), in cells: see `Labels.widths`.
    """

    heat: torch.Tensor
    things: torch.Tensor
    geometry: torch.Tensor


def targets_of(scenes: Sequence[tuple[Scene, Sequence[Box]]], labels: Labels, cells: int) -> Targets:
    """Of a batch of scenes and where their things stand, over `cells` × `cells`."""
    heat = np.zeros((len(scenes), len(labels.words), cells, cells), np.float32)
    things, geometry = [], []
    for picture, (scene, boxes) in enumerate(scenes):
        for box in boxes:
            left, top, side = box.left * cells, box.top * cells, box.side * cells
            across, down = left + side / 2, top + side / 2
            column, row = int(across), int(down)
            known = list(_known(scene, box, labels))
            things.append([picture, row, column, *known])
            geometry.append([across - column, down - row, side])
            bump = _bump(cells, (row, column), max(side / _SPREAD, _NARROWEST))
            np.maximum(heat[picture, known[0]], bump, out=heat[picture, known[0]])
    return Targets(torch.from_numpy(heat), torch.tensor(things), torch.tensor(geometry, dtype=torch.float32))


def _known(scene: Scene, box: Box, labels: Labels) -> Iterator[int]:
    group = scene.groups[box.group]
    yield labels.words.index(group.word)
    yield labels.colours.index(group.colour) if group.colour else NOT_TOLD
    yield labels.styles.index(scene.style)
    yield GENDERS.index(group.gender) if group.gender else NOT_TOLD
    yield group.tone if group.gender else NOT_TOLD


def _bump(cells: int, centre: tuple[int, int], deviation: float) -> npt.NDArray[np.float32]:
    rows, columns = (np.exp(-((np.arange(cells) - at) ** 2) / (2 * deviation**2)) for at in centre)
    bump: npt.NDArray[np.float32] = np.outer(rows, columns).astype(np.float32)
    return bump
