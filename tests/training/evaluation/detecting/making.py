"""Detectors of red that a test sees through, pictures that are red or not, and lists of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from core.media import Media, Pixels
from detectors.verdicts.learned import Reading
from tests.detectors.verdicts.readers import Redness
from training.evaluation.detecting.listing import write_listing
from training.evaluation.detecting.tasks import GENERATED


class Reddish(Redness):
    """Stands for the detector of generated images: red is what it looks for."""

    name = GENERATED
    label = "ai_generated"


class Marking(Redness):
    """Stands for a detector of manipulations: red pixels are what was changed."""

    name = "manipulation"
    label = "manipulation"

    def read(self, batch: Sequence[Media]) -> list[Reading]:
        return [Reading(float(_red(media).mean()), heat=_red(media)) for media in batch]


def _red(media: Media) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    pixels = media.frames()[0].pixels
    return np.asarray(pixels[..., 0] > 200, np.float32)


def plain(red: float, seed: int, height: int = 60, width: int = 80) -> Pixels:
    """A picture with a mean of red, 0 to 1, and some noise."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(60, 120, (height, width, 3))
    pixels[..., 0] = np.clip(red * 255 + rng.normal(0, 3, (height, width)), 0, 255)
    return pixels.astype(np.uint8)


def listed(folder: Path, rows: Sequence[Mapping[str, str]], files: Mapping[str, bytes]) -> Path:
    """A table of these rows beside these files."""
    for name, data in files.items():
        (folder / name).write_bytes(data)
    write_listing(folder / "list.tsv", rows)
    return folder / "list.tsv"
