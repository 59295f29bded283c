"""What is blended, and where in it: photographs and drawings, anywhere. Knows no blending."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import cv2
import numpy as np
from numpy.random import Generator

from core.media import Pixels
from training.forensics.scripted import histories

Box: TypeAlias = tuple[int, int, int, int]
"""left, top, width, height, pixels."""
_WHOLE = 0.35  # of squares of photographs that show most of them


@dataclass(frozen=True, eq=False, slots=True)
class Canvas:
    """pixels: RGB uint8 (h, w, 3). place: where blends are put, such as a face; None for anywhere."""

    pixels: Pixels
    place: Box | None = None


class Hosts(Protocol):
    """What is blended."""

    def __len__(self) -> int:
        """How many there are."""
        ...

    def square(self, host: int, side: int, random: Generator) -> Canvas:
        """A square of that one."""
        ...

    def whole(self, host: int, longest: int) -> Canvas:
        """All of that one, its longer side reduced to `longest` pixels where it has more."""
        ...


@dataclass(frozen=True, eq=False, slots=True)
class Windows:
    """`Hosts` that are photographs or drawings, RGB uint8: squares from anywhere, which have been through a history."""

    pictures: Sequence[Pixels]

    def __len__(self) -> int:
        """How many there are."""
        return len(self.pictures)

    def square(self, host: int, side: int, random: Generator) -> Canvas:
        """One in three shows most of the picture, reduced, as an upload does."""
        picture, history = self.pictures[host], histories.draw_history(random)
        if random.random() < _WHOLE:
            widest = min(picture.shape[:2])
            picture = reduced(picture, min(1.0, side / (widest * random.uniform(0.5, 1.0))))
        return Canvas(histories.window(picture, history, side, random))

    def whole(self, host: int, longest: int) -> Canvas:
        """As it lies in the corpus, but for its size."""
        return Canvas(reduced(self.pictures[host], min(1.0, longest / max(self.pictures[host].shape[:2]))))


def reduced(picture: Pixels, scale: float) -> Pixels:
    """Its sides by `scale`, 1 or less."""
    if scale == 1:
        return picture
    size = tuple(max(1, round(length * scale)) for length in picture.shape[1::-1])
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
