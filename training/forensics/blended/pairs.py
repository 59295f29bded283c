"""Pairs of squares: one blended with a copy of itself, the other not, with the same past and the same delivery.

Pair k is a function of the seed and k alone. Nothing here knows a network.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator

from core.media import Pixels
from training.forensics.blended.alterations import draw_look, draw_place, looking, placed
from training.forensics.blended.blends import BLENDS, TRAINED, Blend
from training.forensics.blended.hosts import Canvas, Hosts
from training.forensics.scripted import histories, regions
from training.forensics.scripted.histories import Delivery
from training.forensics.scripted.regions import Mask

OTHER = "other_picture"
"""The kind whose source is another photograph with the target's colours; it is never learned from."""
_MARGIN = 1.25  # sides of the square that is blended, to those of the one cut from it
_SMALLEST = 0.8  # scale of a delivery that the margin allows for
_BLOCK = 8  # of JPEG
_LEAST, _MOST = 0.05, 0.45  # share of the area in which blends are
_SMALL = 64  # pixels to draw a region on that is then fitted into its place
_IN_PLACE = (0.35, 0.75)  # share of a given place that a region covers
_BENT = 0.04  # of the side: how far the outline is bent
_BENDS = 5  # along a side
_HALF = 0.5


@dataclass(frozen=True, eq=False, slots=True)
class Pair:
    """blended, untouched: RGB uint8 (h, w, 3). share: how much of each pixel of the former is the source's, (h, w),
    0–1. kind: of the blend.
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
        canvas = self.hosts.square(which, side, random)
        name = kind or self.kinds[int(random.integers(len(self.kinds)))]
        blended, untouched, share = self._made(canvas, name, which, random)
        made = _delivered(Pair(blended, untouched, share, name), delivery)
        top, left = (int(random.integers(length - self.side + 1)) // _BLOCK * _BLOCK for length in made.share.shape)
        cut = (slice(top, top + self.side), slice(left, left + self.side))
        return Pair(made.blended[cut], made.untouched[cut], made.share[cut], name)

    def whole(self, host: int, kind: str, longest: int) -> Pair:
        """Of a whole picture, at most `longest` pixels long, coded at random; its twin is the picture as it is."""
        random = np.random.default_rng((self.seed, host, *kind.encode()))
        delivery = Delivery(1.0, histories.draw_delivery(random).coding)
        canvas = self.hosts.whole(host, longest)
        blended, _, share = self._made(canvas, kind, host, random)
        return _delivered(Pair(blended, canvas.pixels, share, kind), delivery)

    def _made(self, canvas: Canvas, kind: str, host: int, random: Generator) -> tuple[Pixels, Pixels, Mask]:
        """Blended, its twin, and the shares. The twin is one of the two pictures whole, so that no look says anything
        by itself.
        """
        mask = region(canvas, random)
        if kind == OTHER:
            foreign = self._foreign(canvas, host, random)
            return _blended(BLENDS["feathered"], canvas.pixels, foreign, mask, random)
        look, place = draw_look(random), draw_place(random, min(mask.shape))
        pictures = [canvas.pixels, looking(canvas.pixels, look, random)]
        if random.random() < 0.5:
            pictures.reverse()
        return _blended(BLENDS[kind], pictures[0], placed(pictures[1], place), mask, random)

    def _foreign(self, canvas: Canvas, host: int, random: Generator) -> Pixels:
        """Another host in the canvas's size, each colour's mean and deviation brought to the canvas's."""
        other = (host + int(random.integers(1, max(2, len(self.hosts))))) % len(self.hosts)
        height, width = canvas.pixels.shape[:2]
        drawn = self.hosts.square(other, max(height, width), random).pixels
        source, wanted = drawn[:height, :width].astype(np.float32), canvas.pixels.astype(np.float32)
        means, wanted_means = (each.mean(axis=(0, 1)) for each in (source, wanted))
        factors = wanted.std(axis=(0, 1)) / np.maximum(source.std(axis=(0, 1)), 1.0)
        matched = (source - means) * np.clip(factors, 0.3, 2.0) + wanted_means
        made: Pixels = np.clip(np.round(matched), 0, 255).astype(np.uint8)
        return made


def region(canvas: Canvas, random: Generator) -> Mask:
    """Where to blend, 0 or 1: a shape with a bent outline, in the canvas's place where it has one, somewhere else."""
    height, width = canvas.pixels.shape[:2]
    mask = np.zeros((height, width), np.float32)
    if canvas.place is None:
        side = min(height, width)
        top, left = int(random.integers(height - side + 1)), int(random.integers(width - side + 1))
        mask[top : top + side, left : left + side] = regions.draw(random, side, _LEAST, _MOST)
    else:
        left, top, across, down = canvas.place
        small = regions.draw(random, _SMALL, *_IN_PLACE)
        mask[top : top + down, left : left + across] = cv2.resize(small, (across, down))[: height - top, : width - left]
    bent = (_bent(mask, random) > _HALF).astype(np.float32)
    return bent if bent.any() else (mask > 0).astype(np.float32)


def _delivered(pair: Pair, delivery: Delivery) -> Pair:
    blended, untouched = (histories.deliver(each, delivery) for each in (pair.blended, pair.untouched))
    size = blended.shape[1::-1]
    share = np.asarray(cv2.resize(pair.share, size, interpolation=cv2.INTER_LINEAR), dtype=np.float32)
    return Pair(blended, untouched, share, pair.kind)


def _blended(
    blend: Blend, target: Pixels, source: Pixels, mask: Mask, random: Generator
) -> tuple[Pixels, Pixels, Mask]:
    made, share = blend(target, source, mask, random)
    return made, target if random.random() < 0.5 else source, share


def _bent(mask: Mask, random: Generator) -> Mask:
    """An elastic deformation: a coarse field of random moves, smooth in between."""
    height, width = mask.shape
    coarse = random.uniform(-_BENT, _BENT, (2, _BENDS, _BENDS)).astype(np.float32) * np.float32(min(height, width))
    moves = [
        np.asarray(cv2.resize(each, (width, height), interpolation=cv2.INTER_CUBIC), np.float32) for each in coarse
    ]
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    return np.asarray(cv2.remap(mask, columns + moves[0], rows + moves[1], cv2.INTER_LINEAR), np.float32)
