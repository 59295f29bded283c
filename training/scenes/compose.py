"""Draws a scene from sprites.

It knows drawings and squares. It does not know how scenes come about or how they are worded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from training.scenes.layout import lay_out
from training.scenes.recolour import recolour
from training.scenes.scene import Box, Group, Scene
from training.scenes.vocabulary import Vocabulary

_WHITE = (255, 255, 255)


@dataclass(frozen=True, slots=True)
class Compositor:
    """drawings: RGBA uint8 (128, 128, 4) by key, all of `vocabulary.keys()`. Keeps recoloured ones."""

    vocabulary: Vocabulary
    drawings: Mapping[str, npt.NDArray[np.uint8]]
    _kept: dict[tuple[str, str], npt.NDArray[np.float32]] = field(default_factory=dict)

    def draw(self, scene: Scene, side: int, rng: np.random.Generator) -> tuple[npt.NDArray[np.uint8], tuple[Box, ...]]:
        """RGB uint8 (side, side, 3), and where each thing stands in it."""
        boxes = lay_out(scene, rng)
        return self.place(scene, boxes, side), boxes

    def place(self, scene: Scene, boxes: Sequence[Box], side: int) -> npt.NDArray[np.uint8]:
        """The scene with its things in those squares: RGB uint8 (side, side, 3)."""
        ground = self.vocabulary.backgrounds.get(scene.background, _WHITE)
        canvas = np.full((side, side, 3), ground, np.float32)
        for box in boxes:
            _paste(canvas, self._drawing(scene, scene.groups[box.group]), box)
        return np.clip(np.rint(canvas), 0, 255).astype(np.uint8)

    def _drawing(self, scene: Scene, group: Group) -> npt.NDArray[np.float32]:
        """Premultiplied RGBA, 0–255 and 0–1 for transparency."""
        key = f"{scene.style}:{self.vocabulary.code(group.word, group.gender, group.tone)}"
        if (key, group.colour) not in self._kept:
            drawing = self.drawings[key]
            if group.colour:
                drawing = recolour(drawing, self.vocabulary.colours[group.colour])
            alpha = drawing[..., 3:].astype(np.float32) / 255
            self._kept[key, group.colour] = np.concatenate([drawing[..., :3] * alpha, alpha], axis=2)
        return self._kept[key, group.colour]


def _paste(canvas: npt.NDArray[np.float32], drawing: npt.NDArray[np.float32], box: Box) -> None:
    side = len(canvas)
    size = max(1, round(box.side * side))
    left, top = (min(round(edge * side), side - size) for edge in (box.left, box.top))
    small = cv2.resize(drawing, (size, size), interpolation=cv2.INTER_AREA)
    under = canvas[top : top + size, left : left + size]
    under *= 1 - small[..., 3:]
    under += small[..., :3]
