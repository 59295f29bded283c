"""Pairs of squares: one manipulated, the other its untouched twin, with the same past and the same delivery.

Pair k is a function of the seed and k alone. Nothing here knows a network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator

from core.media import Pixels
from training.forensics.scripted import histories
from training.forensics.scripted.operations import OPERATIONS, Materials
from training.forensics.scripted.regions import Mask

_MARGIN = 1.25  # sides of the square that is changed, to those of the one cut from it; the smallest delivery is 0.8
_ON_GRID = 0.6  # share cut on the grid of JPEG blocks, as a detector cuts its tiles from files
_BLOCK = 8


@dataclass(frozen=True, eq=False, slots=True)
class Pair:
    """manipulated, untouched: RGB uint8 (side, side, 3). mask: of the former, (side, side). operation: its name."""

    manipulated: Pixels
    untouched: Pixels
    mask: Mask
    operation: str


@dataclass(frozen=True, eq=False, slots=True)
class Pairs:
    """hosts: photographs, RGB uint8; below 1.25 · side they are enlarged. operations: those that are drawn from."""

    hosts: Sequence[Pixels]
    materials: Materials
    side: int
    seed: int
    operations: tuple[str, ...] = tuple(OPERATIONS)

    def pair(self, index: int, operation: str | None = None, host: int | None = None) -> Pair:
        """Pair `index`; of a given operation and host, by its number, where one is asked for."""
        random = np.random.default_rng((self.seed, index))
        photograph = self.hosts[int(random.integers(len(self.hosts))) if host is None else host]
        side = -(-round(self.side * _MARGIN) // _BLOCK) * _BLOCK
        before = histories.window(photograph, histories.draw_history(random), side, random)
        name = operation or self.operations[int(random.integers(len(self.operations)))]
        delivery = histories.draw_delivery(random)
        changed, mask = OPERATIONS[name](before, self.materials, random)
        made = [histories.deliver(each, delivery) for each in (changed, before)]
        where = np.asarray(cv2.resize(mask, made[0].shape[1::-1], interpolation=cv2.INTER_LINEAR), dtype=np.float32)
        top, left = (_start(length - self.side, random) for length in where.shape)
        cut = (slice(top, top + self.side), slice(left, left + self.side))
        return Pair(made[0][cut], made[1][cut], where[cut], name)


def _start(room: int, random: Generator) -> int:
    """Where to cut, from 0 to `room`."""
    place = int(random.integers(room + 1))
    return place // _BLOCK * _BLOCK if random.random() < _ON_GRID else place
