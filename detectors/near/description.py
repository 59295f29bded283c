"""What a picture is listed and asked by: a code of the whole, and the points by which a match is looked at again.

The code is VLAD (Jégou et al., CVPR 2010) over RootSIFT, its words learned by `training.near`, of which the signs are
kept after a turn that spreads every word over all of them (Charikar, STOC 2002: the share of signs that differ is the
angle between two vectors, in half turns). It says which listed pictures are worth a second look. Knows no list.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from core.errors import ConfigurationError
from core.media import Pixels
from core.weights import PinnedWeights
from detectors.near.keypoints import WIDTH, Floats, Points, points_of, settings
from detectors.single import version_of

NAME = "near_duplicate"
"""Of the weights, by the table of the manifest."""
ASKED, KEPT = 400, 96
"""Points of a picture that is asked about or described, and those of a listed one that are kept."""
LEAST = 24
"""Points below which a picture is too plain to be told from others."""
ARRAYS = ("mean", "basis", "words", "centre", "flips")
"""Of a `Describer`, as its weights hold them."""
_TINY = 1e-9


@dataclass(frozen=True, eq=False, slots=True)
class Marks:
    """places: float32 (n, 4), as of `Points`. seen: float32 (n, d), each of length 1."""

    places: Floats
    seen: Floats

    def __len__(self) -> int:
        return len(self.places)


@dataclass(frozen=True, eq=False, slots=True)
class Description:
    """code: uint8 (bits / 8,). whole: float32 (bits,), whose signs it keeps; None of a listed picture."""

    code: Pixels
    marks: Marks
    whole: Floats | None = None

    @property
    def numbers(self) -> Floats:
        """float32 (bits,): `whole`, or as much of it as the code knows."""
        return np.unpackbits(self.code).astype(np.float32) * 2 - 1 if self.whole is None else self.whole


@dataclass(frozen=True, eq=False, slots=True)
class Describer:
    """mean: (128,) and basis: (128, d), by which points are made shorter; words: (w, d); centre: (w × d,), what is
    usual of a vector; flips: (2, w × d), signs of the turn. All float32, w × d a power of two. bits: of a code, a
    multiple of 8. version: digest of the weights and of what decides which points there are, "sha256:…".
    """

    mean: Floats
    basis: Floats
    words: Floats
    centre: Floats
    flips: Floats
    bits: int
    version: str

    def __post_init__(self) -> None:
        """Raises ConfigurationError for arrays that do not fit together."""
        short, long = self.basis.shape[-1], self.words.size
        shapes = (self.mean.shape, self.basis.shape, self.words.shape[1:], self.centre.shape, self.flips.shape)
        if shapes != ((WIDTH,), (WIDTH, short), (short,), (long,), (2, long)) or long & (long - 1):
            raise ConfigurationError(f"the weights of {NAME} do not fit together: {shapes}")
        if not 0 < self.bits <= long or self.bits % 8:
            raise ConfigurationError(f"the weights of {NAME} give {long} bits, not {self.bits}")

    @classmethod
    def load(cls, pinned: PinnedWeights) -> Self:
        """Raises as `PinnedWeights.load`, and ConfigurationError for weights of another shape."""
        tensors = {name: tensor.float().numpy() for name, tensor in pinned.load().items()}
        bits = pinned.parameters.get("bits")
        if set(tensors) != set(ARRAYS) or not isinstance(bits, int):
            raise ConfigurationError(f"the weights of {NAME} hold {sorted(tensors)}, not bits and {sorted(ARRAYS)}")
        return cls(**tensors, bits=bits, version=version_of(1, [pinned.sha256, settings()]))

    @property
    def width(self) -> int:
        """Numbers of a mark."""
        return int(self.basis.shape[1])

    def listed(self, pixels: Pixels) -> Description | None:
        """An RGB picture, uint8 (h, w, 3), as it is listed; None where it is too plain."""
        points = points_of(pixels, ASKED)
        if len(points) < LEAST:
            return None
        whole = self.of(points)
        return Description(whole.code, Marks(whole.marks.places[:KEPT], whole.marks.seen[:KEPT]))

    def asked(self, pixels: Pixels) -> tuple[Description, ...]:
        """A picture as it is, and mirrored; nothing where it is too plain."""
        points = points_of(pixels, ASKED)
        return (self.of(points), self.of(points.mirrored())) if len(points) >= LEAST else ()

    def of(self, points: Points) -> Description:
        """Of some points, at least one."""
        seen = unit(np.asarray((points.seen - self.mean) @ self.basis, np.float32))
        whole = vlad(seen, self.words) - self.centre
        for flips in self.flips:
            whole = turned(whole * flips)
        whole = whole[: self.bits].astype(np.float32)
        return Description(np.packbits(whole > 0), Marks(points.places, seen), whole)


def vlad(seen: Floats, words: Floats) -> Floats:
    """float32 (w × d,) of length 1: what points differ by from their words, each word alike in weight."""
    nearest = np.argmax(seen @ words.T - (words**2).sum(axis=1) / 2, axis=1)
    sums = np.zeros_like(words)
    np.add.at(sums, nearest, seen - words[nearest])
    return unit(unit(sums).ravel())


def turned(numbers: Floats) -> Floats:
    """The Walsh–Hadamard transform, but for its length: sums and differences of halves, again and again."""
    step = 1
    while step < numbers.size:
        pairs = numbers.reshape(-1, 2, step)
        numbers = np.stack([pairs[:, 0] + pairs[:, 1], pairs[:, 0] - pairs[:, 1]], axis=1).reshape(-1)
        step *= 2
    return numbers


def unit(rows: Floats) -> Floats:
    """Each of length 1, along the last axis; zeros stay."""
    made: Floats = rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), _TINY)
    return made.astype(np.float32)
