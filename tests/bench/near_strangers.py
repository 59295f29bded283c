"""Codes of pictures that nobody took, for lists longer than anybody has photographs for.

Drawn as photographs' codes are spread, or of photographs' points, put together anew. Knows the describer, and no list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.media import Pixels
from detectors.near.description import ASKED, Describer, turned, vlad
from detectors.near.keypoints import Floats, Points, points_of

_COMPONENTS = 64
_PART = 5000


@dataclass(frozen=True, eq=False, slots=True)
class Spread:
    """How vectors lie before their signs are taken. axes: float32 (components, bits). rest: float32 (bits,), what is
    left of the deviation beside them.
    """

    axes: Floats
    rest: Floats

    def codes(self, count: int) -> Pixels:
        """So many of nobody's."""
        rng = np.random.default_rng(0)
        parts = []
        for start in range(0, count, _PART):
            rows = min(_PART, count - start)
            drawn = rng.standard_normal((rows, self.rest.size), np.float32) * self.rest
            drawn += rng.standard_normal((rows, len(self.axes)), np.float32) @ self.axes
            parts.append(np.packbits(drawn > 0, axis=1))
        return np.concatenate(parts)


@dataclass(frozen=True, eq=False, slots=True)
class Mixture:
    """Real points, put together to pictures that nobody took. seen: float32 (n, 128), of some photographs' points;
    starts: where those of each begin, and the end.
    """

    describer: Describer
    seen: Floats
    starts: NDArray[np.int64]

    @classmethod
    def of(cls, describer: Describer, pictures: Sequence[Pixels]) -> Mixture:
        """Of some photographs."""
        seen = [points_of(pixels, ASKED).seen for pixels in pictures]
        return cls(describer, np.concatenate(seen), np.cumsum([0, *map(len, seen)]))

    def codes(self, count: int) -> Pixels:
        """So many, each of half of the points of three photographs."""
        rng, made = np.random.default_rng(0), []
        for _ in range(count):
            three = rng.choice(len(self.starts) - 1, 3, replace=False)
            rows = np.concatenate([np.arange(*self.starts[at : at + 2]) for at in three])
            chosen = self.seen[rng.choice(rows, len(rows) // 2, replace=False)]
            points = Points(np.zeros((len(chosen), 4), np.float32), chosen, 1)
            made.append(self.describer.of(points).code)
        return np.stack(made)


def spread_of(describer: Describer, pictures: Sequence[Pixels]) -> Spread:
    """Of some photographs."""
    rows = []
    for pixels in pictures:
        seen = (points_of(pixels, ASKED).seen - describer.mean) @ describer.basis
        whole = vlad(seen / np.linalg.norm(seen, axis=1, keepdims=True), describer.words) - describer.centre
        for flips in describer.flips:
            whole = turned(whole * flips)
        rows.append(whole[: describer.bits])
    vectors = np.stack(rows)
    _, sizes, axes = np.linalg.svd(vectors - vectors.mean(axis=0), full_matrices=False)
    kept = (sizes[:_COMPONENTS, None] * axes[:_COMPONENTS]) / np.sqrt(len(vectors))
    rest = np.sqrt(np.maximum(vectors.var(axis=0) - (kept**2).sum(axis=0), 0))
    return Spread(kept.astype(np.float32), rest.astype(np.float32))
