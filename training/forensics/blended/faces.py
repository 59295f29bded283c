"""Faces to blend: crops of an operator's own photographs, about the faces that were found in them.

Nothing here ships, for no faces are to be had under a licence that lets them. Whoever trains on faces has to have the
right to, of the photographs and of the people in them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from numpy.random import Generator
from PIL import Image

from core.errors import InvalidInput
from core.media import Pixels
from detectors.faces.finder import Face, FaceFinder
from detectors.own.cropping import window
from training.forensics.blended.blends import TRAINED
from training.forensics.blended.hosts import Canvas, reduced
from training.forensics.blended.pairs import Pairs
from training.forensics.scripted import histories

MARGIN = 0.3
"""About a face, as `crop = "faces"` has it unless told otherwise."""
LEAST_FACE = 64
"""Pixels of a face's shorter side: smaller ones would have to be enlarged, which shows."""
LEAST_PHOTOGRAPHS = 20
"""With a face, for the training and for the calibration each: a promise of 5% needs 19."""
_ENDINGS = frozenset({".jpg", ".jpeg", ".png", ".webp"})
_THIRD = 3  # every third photograph is kept back for the calibration
Part = Literal["train", "calibration"]


@dataclass(frozen=True, eq=False, slots=True)
class FaceHosts:
    """`Hosts`: one for each photograph, its largest face. crops: RGB uint8."""

    crops: Sequence[Canvas]

    def __len__(self) -> int:
        """How many there are."""
        return len(self.crops)

    def square(self, host: int, side: int, random: Generator) -> Canvas:
        """The crop in that size, after a history; mirrored in half of the cases, for faces are never turned."""
        history, crop = histories.draw_history(random), self.crops[host]
        shrinks = len(crop.pixels) > side
        filtered = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
        fitted = np.asarray(cv2.resize(crop.pixels, (side, side), interpolation=filtered), np.uint8)
        place = _scaled(crop, side / crop.pixels.shape[1], side / crop.pixels.shape[0])
        if random.random() < 0.5:
            fitted, place = np.ascontiguousarray(fitted[:, ::-1]), (side - place[0] - place[2], *place[1:])
        return Canvas(histories.live_through(fitted, history, random), place)

    def whole(self, host: int, longest: int) -> Canvas:
        """The crop, but for its size."""
        crop = self.crops[host]
        factor = min(1.0, longest / max(crop.pixels.shape[:2]))
        return Canvas(reduced(crop.pixels, factor), _scaled(crop, factor, factor))


def open_faces(
    folder: Path, finder: FaceFinder, side: int, seed: int, kinds: tuple[str, ...] = tuple(TRAINED)
) -> dict[Part, Pairs]:
    """Pairs of the photographs in a folder and those below it, apart by photograph.

    Raises InvalidInput where too few of them have a face of `LEAST_FACE` pixels.
    """
    crops = list(_crops(folder, finder))
    parts: dict[Part, list[Canvas]] = {
        "train": [each for place, each in enumerate(crops) if place % _THIRD],
        "calibration": crops[::_THIRD],
    }
    least = min(map(len, parts.values()))
    if least < LEAST_PHOTOGRAPHS:
        needed = f"{LEAST_PHOTOGRAPHS * _THIRD} photographs"
        message = f"{folder.name}: {len(crops)} photographs have a face of {LEAST_FACE} pixels, {needed} are needed"
        raise InvalidInput(message, field="faces", limit=needed, found=str(len(crops)))
    return {part: Pairs(FaceHosts(each), side, seed, kinds) for part, each in parts.items()}


def _crops(folder: Path, finder: FaceFinder) -> Iterator[Canvas]:
    """About the largest face of each photograph that has one, in order of name."""
    for path in sorted(path for path in folder.rglob("*") if path.suffix.lower() in _ENDINGS):
        with Image.open(path) as picture:
            pixels = np.array(picture.convert("RGB"), dtype=np.uint8)
        large = [face for face in finder.find(pixels) if min(face.width, face.height) >= LEAST_FACE]
        if large:
            yield _crop(pixels, large[0])


def _crop(pixels: Pixels, face: Face) -> Canvas:
    rows, columns = window(pixels, face, MARGIN)
    place = (face.left - columns.start, face.top - rows.start, face.width, face.height)
    return Canvas(np.ascontiguousarray(pixels[rows, columns]), place)


def _scaled(crop: Canvas, across: float, down: float) -> tuple[int, int, int, int]:
    left, top, width, height = crop.place or (0, 0, *crop.pixels.shape[1::-1])
    return round(left * across), round(top * down), max(1, round(width * across)), max(1, round(height * down))
