"""What is blended: photographs of the corpus, and drawings on plain grounds."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.media import Pixels
from training.forensics.blended.blends import TRAINED
from training.forensics.blended.hosts import Windows
from training.forensics.blended.pairs import Pairs
from training.forensics.scripted.sources import Part, drawings, pictures_of

_DRAWINGS = 12  # beside 85 photographs


def open_pairs(
    cache: Path, part: Part, side: int, seed: int, kinds: tuple[str, ...] = tuple(TRAINED), *, drawn: bool = False
) -> Pairs:
    """Pairs of one part's photographs, in order of name, with some drawings after them where they are asked for.

    Raises FileNotFoundError or ConfigurationError before the corpora are built.
    """
    pictures = list(pictures_of(cache, part).values())
    if drawn:
        pictures += [grounded(each, seed + number) for number, each in enumerate(drawings(cache, part, _DRAWINGS))]
    return Pairs(Windows(pictures), side, seed, kinds)


def grounded(drawing: Pixels, seed: int) -> Pixels:
    """An RGBA drawing on a ground whose colour fades from one to another, RGB."""
    random = np.random.default_rng(seed)
    first, last = random.uniform(60, 255, (2, 3))
    down = np.linspace(0, 1, len(drawing))[:, None, None]
    ground = np.broadcast_to(first + (last - first) * down, (*drawing.shape[:2], 3))
    alpha = drawing[..., 3:].astype(np.float32) / 255
    return np.round(drawing[..., :3] * alpha + ground * (1 - alpha)).astype(np.uint8)
