"""Pairs without corpora: photographs of tests/media cut into pieces, a drawn disc, and a blur for a decoder."""

from __future__ import annotations

import cv2
import numpy as np

from core.media import Pixels
from tests.detectors.making import halved
from training.forensics.scripted.operations import OPERATIONS, Materials
from training.forensics.scripted.samples import Pairs

NAMES = ("mountains", "dogs", "jaguars", "crab")


def disc() -> Pixels:
    """RGBA, red within and nothing around."""
    drawing = np.zeros((64, 64, 4), np.uint8)
    cv2.circle(drawing, (32, 32), 24, (220, 30, 30, 255), -1)
    return drawing


def rebuild(pixels: Pixels) -> Pixels:
    """What a poor decoder would leave."""
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), 2.0), dtype=np.uint8)


def pairs(side: int = 64, seed: int = 3, operations: tuple[str, ...] = tuple(OPERATIONS)) -> Pairs:
    """Of four photographs."""
    hosts = [halved(name) for name in NAMES]
    return Pairs(hosts, Materials(hosts, [disc()], rebuild), side, seed, operations)


def pieces(count: int, side: int) -> list[Pixels]:
    """Squares from the four photographs, as if each were one."""
    random = np.random.default_rng(4)
    found = []
    for number in range(count):
        photograph = halved(NAMES[number % len(NAMES)])
        top, left = (int(random.integers(length - side + 1)) for length in photograph.shape[:2])
        found.append(photograph[top : top + side, left : left + side])
    return found
