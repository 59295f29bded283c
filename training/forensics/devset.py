"""A folder of real generators' pictures and photographs, brought to one size and encoding before they are measured.

Its photographs are JPEGs, most of its made pictures are not: whoever measures them as they are measures the format.
Knows files; does not know detectors.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
from PIL import Image

from core.errors import ConfigurationError
from core.media import Pixels
from training.forensics.delivery import Delivery

SIDE = 384
_JPEG = Delivery(codec="jpeg", quality=90)
_WORSE = Delivery(0.5, cv2.INTER_AREA, "jpeg", 75)
_NAMED = 5  # generators with fewer pictures are "others"
REAL, MADE, OTHERS = "real", "ai", "others"

Pictures: TypeAlias = Mapping[str, Pixels]


def whole(picture: Pixels) -> Pixels:
    """Its middle square, reduced to `SIDE` pixels."""
    side = min(picture.shape[:2])
    middle = _middle(picture, side)
    return np.asarray(cv2.resize(middle, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)


def part(picture: Pixels) -> Pixels:
    """Its middle `SIDE` pixels, as they are."""
    return _middle(picture, SIDE)


CONDITIONS: Mapping[str, Callable[[Pixels], Pixels]] = {
    "resized": lambda picture: _JPEG(whole(picture)),
    "worse": lambda picture: _WORSE(_JPEG(whole(picture))),
    "native": lambda picture: _JPEG(part(picture)),
}
"""resized: both classes reduced to one size, then JPEG 90. worse: the same halved, then JPEG 75. native: cut out, not
resized, then JPEG 90; there the photographs were compressed before, most made pictures not, and that may be told.
"""


def shown(folder: Path) -> dict[str, tuple[Pictures, list[tuple[str, Pictures]]]]:
    """Condition → photographs, and generators with their pictures, by file. Pictures below `SIDE` are left out.

    Raises ConfigurationError for a folder without a manifest that names both kinds.
    """
    real, generators = _read(folder)
    return {
        name: (_each(real, condition), [(generator, _each(found, condition)) for generator, found in generators])
        for name, condition in CONDITIONS.items()
    }


def _read(folder: Path) -> tuple[dict[str, Pixels], list[tuple[str, dict[str, Pixels]]]]:
    try:
        with (folder / "manifest.tsv").open(encoding="utf-8", newline="") as file:
            rows = [(row["file"], row["label"], row["generator"]) for row in csv.DictReader(file, delimiter="\t")]
    except (OSError, KeyError) as error:
        raise ConfigurationError(f"the development set {folder.name} has no usable manifest.tsv: {error}") from error
    by_generator: dict[str, dict[str, Pixels]] = defaultdict(dict)
    for file_name, label, generator in rows:
        picture = _opened(folder / file_name)
        if min(picture.shape[:2]) >= SIDE:
            by_generator[REAL if label == REAL else generator][file_name] = picture
    real = by_generator.pop(REAL, {})
    if not (real and by_generator):
        raise ConfigurationError(f"the development set {folder.name} needs {MADE} and {REAL} pictures")
    return real, _grouped(by_generator)


def _grouped(by_generator: Mapping[str, dict[str, Pixels]]) -> list[tuple[str, dict[str, Pixels]]]:
    named = sorted((name, found) for name, found in by_generator.items() if len(found) >= _NAMED)
    rare = {file: picture for found in by_generator.values() if len(found) < _NAMED for file, picture in found.items()}
    return [*named, (OTHERS, rare)] if rare else named


def _each(pictures: Pictures, condition: Callable[[Pixels], Pixels]) -> Pictures:
    return {name: condition(picture) for name, picture in pictures.items()}


def _opened(path: Path) -> Pixels:
    with Image.open(path) as picture:
        return np.array(picture.convert("RGB"), dtype=np.uint8)


def _middle(picture: Pixels, side: int) -> Pixels:
    top, left = ((length - side) // 2 for length in picture.shape[:2])
    return np.ascontiguousarray(picture[top : top + side, left : left + side])
