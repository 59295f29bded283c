"""Self-blended pairs without corpora: photographs of tests/media, and pieces of them as if each were one."""

from __future__ import annotations

from tests.detectors.making import halved
from tests.training.forensics.scripted.making import NAMES, pieces
from training.forensics.blended.blends import TRAINED
from training.forensics.blended.hosts import Windows
from training.forensics.blended.pairs import Pairs


def pairs(side: int = 64, seed: int = 3, kinds: tuple[str, ...] = tuple(TRAINED)) -> Pairs:
    """Of four photographs."""
    return Pairs(Windows([halved(name) for name in NAMES]), side, seed, kinds)


def many(count: int, side: int = 160) -> Pairs:
    """Of as many pieces, for calibrations."""
    return Pairs(Windows(pieces(count, side)), 64, 5)
