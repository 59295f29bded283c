"""Pairs of crops, one of a photograph, one of its reconstruction, that differ by the decoder's trace and nothing else.

Batch k is a function of the seed and k alone. Knows stored reconstructions; does not know the network.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from core.media import Pixels
from training.forensics.delivery import Delivery, drawn
from training.forensics.reconstruct import ORIGINAL
from training.forensics.spectrum import finest_of, matched

_MATCHED, _FINEST, _BLENDED = 0.5, 0.4, 0.4  # of pairs
_CUTOFFS = (0.35, 1.0)
_BLENDS = (0.4, 1.0)
_GRID = 8  # of JPEG: crops start anywhere on it


@dataclass(frozen=True, eq=False, slots=True)
class Pair:
    """real, made: RGB uint8 (side, side, 3), delivered alike."""

    real: Pixels
    made: Pixels
    family: str
    photograph: str
    delivery: Delivery


def aligned(original: Pixels, made: Pixels, rng: np.random.Generator) -> Pixels:
    """A reconstruction nearer to its original: in power, in its finest frequencies, in its colours; or as it is.

    An original that is its own reconstruction comes back as it was.
    """
    match, finest, blend = rng.random(3) < (_MATCHED, _FINEST, _BLENDED)
    cutoff, share = rng.uniform(*_CUTOFFS), rng.uniform(*_BLENDS)
    wanted, values = original.astype(np.float32), made.astype(np.float32)
    if match:
        values = matched(values, wanted)
    if finest:
        values = finest_of(values, wanted, float(cutoff))
    if blend:
        values = values * np.float32(share) + wanted * np.float32(1 - share)
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


class Pairs:
    """families: picture by name, by family, "original" among them. left_out: families that are not drawn."""

    def __init__(
        self, families: Mapping[str, Mapping[str, Pixels]], side: int, seed: int, left_out: Iterable[str] = ()
    ) -> None:
        self._originals = families[ORIGINAL]
        self._families = {name: families[name] for name in sorted({*families} - {ORIGINAL, *left_out})}
        self._side, self._seed = side, seed
        self._names = sorted(self._originals)
        areas = np.array([self._originals[name].shape[0] * self._originals[name].shape[1] for name in self._names])
        self._chances = np.sqrt(areas) / np.sqrt(areas).sum()

    @property
    def families(self) -> tuple[str, ...]:
        """Whose reconstructions are drawn."""
        return tuple(self._families)

    def batch(self, step: int, count: int) -> list[Pair]:
        """Batch `step`, its families in turn, so that all are seen alike."""
        rng = np.random.default_rng([self._seed, step])
        start = int(rng.integers(len(self._families)))
        return [self._pair(rng, self.families[(start + at) % len(self._families)]) for at in range(count)]

    def _pair(self, rng: np.random.Generator, family: str) -> Pair:
        delivery = drawn(rng)
        name = self._names[int(rng.choice(len(self._names), p=self._chances))]
        original, made = self._originals[name], self._families[family][name]
        rows, columns = (self._range(length, delivery.scale, rng) for length in original.shape[:2])
        real, fake = original[rows, columns], made[rows, columns]
        delivered = [delivery(picture) for picture in (real, aligned(real, fake, rng))]
        spare = [length - self._side for length in delivered[0].shape[:2]]
        top, left = (int(rng.integers(min(each, _GRID) + 1)) for each in spare)
        cut = (slice(top, top + self._side), slice(left, left + self._side))
        way = int(rng.integers(8))
        real, fake = (_turned(picture[cut], way) for picture in delivered)
        return Pair(real, fake, family, name, delivery)

    def _range(self, length: int, scale: float, rng: np.random.Generator) -> slice:
        """Of one axis: what becomes a crop and its play when it is scaled, from any place."""
        wanted = min(length, int(np.ceil((self._side + _GRID) / scale)))
        start = int(rng.integers(length - wanted + 1))
        return slice(start, start + wanted)


def _turned(picture: Pixels, way: int) -> Pixels:
    turned = np.rot90(picture, k=way % 4)
    return np.ascontiguousarray(turned[:, ::-1] if way >= 4 else turned)
