"""Pairs of squares: one blended with a copy of itself, the other not, with the same past and the same delivery.

Pair k is a function of the seed and k alone. Nothing here knows a network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.random import Generator

from core.media import Pixels
from training.forensics.blended.alterations import draw_look, draw_place, looking, placed
from training.forensics.blended.blends import BLENDS, TRAINED, Blend
from training.forensics.scripted import histories, regions
from training.forensics.scripted.histories import Delivery
from training.forensics.scripted.regions import Mask

OTHER = "other_picture"
"""The kind whose source is another photograph with the target's colours; it is never learned from."""
_MARGIN = 1.25  # sides of the square that is blended, to those of the one cut from it
_SMALLEST = 0.8  # scale of a delivery that the margin allows for
_BLOCK = 8  # of JPEG
_LEAST, _MOST = 0.05, 0.45  # share of the area in which blends are
_CANVAS = 64  # pixels to draw a region on that is then fitted into its place
_IN_PLACE = (0.35, 0.75)  # share of a given place that a region covers
_BENT = 0.04  # of the side: how far the outline is bent
_BENDS = 5  # along a side

Box = tuple[int, int, int, int]
"""left, top, width, height, pixels."""


@dataclass(frozen=True, eq=False, slots=True)
class Square:
    """pixels: RGB uint8 (side, side, 3). place: where blends are put, such as a face; None for anywhere."""

    pixels: Pixels
    place: Box | None = None


class Hosts(Protocol):
    """What is blended."""

    def __len__(self) -> int:
        """How many there are."""
        ...

    def square(self, host: int, side: int, random: Generator) -> Square:
        """A square of that one."""
        ...


@dataclass(frozen=True, eq=False, slots=True)
class Windows:
    """`Hosts` that are photographs or drawings, RGB uint8: squares from anywhere, which have been through a history."""

    pictures: Sequence[Pixels]

    def __len__(self) -> int:
        """How many there are."""
        return len(self.pictures)

    def square(self, host: int, side: int, random: Generator) -> Square:
        """One in three shows most of the picture, reduced, as an upload does."""
        picture, history = self.pictures[host], histories.draw_history(random)
        if random.random() < 0.35:
            widest = min(picture.shape[:2])
            picture = _reduced(picture, min(1.0, side / (widest * random.uniform(0.5, 1.0))))
        return Square(histories.window(picture, history, side, random))


@dataclass(frozen=True, eq=False, slots=True)
class Pair:
    """blended, untouched: RGB uint8 (side, side, 3). share: how much of each pixel of the former is the source's, (side,
    side), 0–1. kind: of the blend.
    """

    blended: Pixels
    untouched: Pixels
    share: Mask
    kind: str


@dataclass(frozen=True, eq=False, slots=True)
class Pairs:
    """hosts: what is blended. side: pixels. kinds: of `BLENDS`, those that are drawn from."""

    hosts: Hosts
    side: int
    seed: int
    kinds: tuple[str, ...] = tuple(TRAINED)

    def pair(
        self, index: int, kind: str | None = None, host: int | None = None, delivery: Delivery | None = None
    ) -> Pair:
        """Pair `index`; of a given kind, host and delivery where they are asked for."""
        random = np.random.default_rng((self.seed, index))
        drawn = histories.draw_delivery(random)
        delivery = delivery or drawn
        which = int(random.integers(len(self.hosts))) if host is None else host
        side = -(-round(self.side * _MARGIN * _SMALLEST / min(delivery.scale, _SMALLEST)) // _BLOCK) * _BLOCK
        square = self.hosts.square(which, side, random)
        name = kind or self.kinds[int(random.integers(len(self.kinds)))]
        blended, untouched, share = self._made(square, name, which, random)
        made = [histories.deliver(each, delivery) for each in (blended, untouched)]
        where = np.asarray(cv2.resize(share, made[0].shape[1::-1], interpolation=cv2.INTER_LINEAR), dtype=np.float32)
        top, left = (int(random.integers(length - self.side + 1)) // _BLOCK * _BLOCK for length in where.shape)
        cut = (slice(top, top + self.side), slice(left, left + self.side))
        return Pair(made[0][cut], made[1][cut], where[cut], name)

    def _made(self, square: Square, kind: str, host: int, random: Generator) -> tuple[Pixels, Pixels, Mask]:
        """Blended, its twin, and the shares. Whichever of the two pictures looks altered, the twin is one of them whole,
        so that no look by itself says anything.
        """
        mask = region(square, random)
        if kind == OTHER:
            target, source, blend = square.pixels, self._foreign(square, host, random), BLENDS["feathered"]
            return _blended(blend, target, source, mask, random)
        look, place = draw_look(random), draw_place(random, len(square.pixels))
        pictures = [square.pixels, looking(square.pixels, look, random)]
        if random.random() < 0.5:
            pictures.reverse()
        return _blended(BLENDS[kind], pictures[0], placed(pictures[1], place), mask, random)

    def _foreign(self, square: Square, host: int, random: Generator) -> Pixels:
        """A square of another host, each colour's mean and deviation brought to the target's."""
        other = (host + int(random.integers(1, max(2, len(self.hosts))))) % len(self.hosts)
        source = self.hosts.square(other, len(square.pixels), random).pixels.astype(np.float32)
        wanted = square.pixels.astype(np.float32)
        means, wanted_means = (each.mean(axis=(0, 1)) for each in (source, wanted))
        factors = wanted.std(axis=(0, 1)) / np.maximum(source.std(axis=(0, 1)), 1.0)
        matched = (source - means) * np.clip(factors, 0.3, 2.0) + wanted_means
        return np.clip(np.round(matched), 0, 255).astype(np.uint8)


def region(square: Square, random: Generator) -> Mask:
    """Where to blend, 0 or 1: a shape with a bent outline, in the square's place where it has one."""
    side = len(square.pixels)
    if square.place is None:
        mask = regions.draw(random, side, _LEAST, _MOST)
    else:
        left, top, width, height = square.place
        small = regions.draw(random, _CANVAS, *_IN_PLACE)
        mask = np.zeros((side, side), np.float32)
        fitted = np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR))
        mask[top : top + height, left : left + width] = fitted[: side - top, : side - left]
    bent = (_bent(mask, random) > 0.5).astype(np.float32)
    return bent if bent.any() else (mask > 0).astype(np.float32)


def _blended(
    blend: Blend, target: Pixels, source: Pixels, mask: Mask, random: Generator
) -> tuple[Pixels, Pixels, Mask]:
    made, share = blend(target, source, mask, random)
    return made, target if random.random() < 0.5 else source, share


def _bent(mask: Mask, random: Generator) -> Mask:
    """An elastic deformation: a coarse field of random moves, smooth in between."""
    side = len(mask)
    coarse = random.uniform(-_BENT, _BENT, (2, _BENDS, _BENDS)).astype(np.float32) * np.float32(side)
    moves = [np.asarray(cv2.resize(each, (side, side), interpolation=cv2.INTER_CUBIC), np.float32) for each in coarse]
    rows, columns = np.mgrid[:side, :side].astype(np.float32)
    return np.asarray(cv2.remap(mask, columns + moves[0], rows + moves[1], cv2.INTER_LINEAR), np.float32)


def _reduced(picture: Pixels, scale: float) -> Pixels:
    if scale == 1:
        return picture
    size = tuple(max(1, round(length * scale)) for length in picture.shape[1::-1])
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
