"""Drawings that look alike: by PDQ, as copies of a picture are found, and by the descriptions that tell a copy in what
a model makes.

It knows pictures and pairs of them. Whether a pair is a fault is for who reads the report: a doctor in two skins is
one drawing twice on purpose.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from detectors.pdq import pdq
from generators.diffusion.neighbours import describe
from training.corpora import sprites
from training.corpora.sprites import Sprite
from training.scenes.vocabulary import Vocabulary

DISTANCE = 31
"""Bits of 256 in which two PDQ hashes of one picture may differ, as known-image matching has it."""
LEAST_QUALITY = 50
"""Below it a PDQ hash tells little."""
SIMILARITY = 0.95
"""From which an output counts as a copy of a training drawing."""
_ROWS = 64  # compared with all at once
Alike = Callable[[slice], npt.NDArray[np.bool_]]


@dataclass(frozen=True, eq=False, slots=True)
class Looks:
    """What drawings look like. hashes: uint64 (n, 4), `qualities`: int (n,), descriptions: float32 (n, d)."""

    hashes: npt.NDArray[np.uint64]
    qualities: npt.NDArray[np.int64]
    descriptions: npt.NDArray[np.float32]

    def by_pdq(self, rows: slice) -> npt.NDArray[np.bool_]:
        """Which drawings (n) are near each of `rows`; none that PDQ can tell little of."""
        apart = np.bitwise_count(self.hashes[rows, None] ^ self.hashes[None]).sum(axis=2)
        clear = self.qualities >= LEAST_QUALITY
        near: npt.NDArray[np.bool_] = (apart <= DISTANCE) & clear[None] & clear[rows, None]
        return near

    def by_description(self, rows: slice) -> npt.NDArray[np.bool_]:
        """The same, by descriptions."""
        near: npt.NDArray[np.bool_] = self.descriptions[rows] @ self.descriptions.T >= SIMILARITY
        return near


def look(cache: Path, rows: Sequence[Sprite]) -> Looks:
    """Looks at every drawing of a built cache, on white."""
    pictures = (_on_white(sprites.pixels(cache, row)) for row in rows)
    found = [(pdq(picture), describe(picture)[0]) for picture in pictures]
    hashes, descriptions = zip(*found, strict=True)
    return Looks(
        np.stack([each.words for each in hashes]),
        np.array([each.quality for each in hashes]),
        np.stack(descriptions),
    )


def pairs(alike: Alike, count: int) -> Iterator[tuple[int, int]]:
    """Every pair of `count` drawings that are alike, the smaller index first."""
    for start in range(0, count, _ROWS):
        near = alike(slice(start, start + _ROWS))
        for one, other in np.argwhere(np.triu(near, k=start + 1)):
            yield start + int(one), int(other)


def kind_of(one: Sprite, other: Sprite) -> str:
    """What two drawings that are alike have in common."""
    if one.name == other.name:
        return "same emoji, other skin" if one.style == other.style else "same emoji, other style"
    return "other emoji, same style" if one.style == other.style else "other emoji, other style"


def counted(alike: Alike, rows: Sequence[Sprite]) -> Counter[str]:
    """Pairs by what they have in common."""
    return Counter(kind_of(rows[one], rows[other]) for one, other in pairs(alike, len(rows)))


def identical(rows: Sequence[Sprite]) -> Alike:
    """Which drawings are another's to the byte."""
    digests = np.array([row.sha256 for row in rows])
    return lambda part: np.equal(digests[part, None], digests[None])


def confusions(rows: Sequence[Sprite], alike: Alike, vocabulary: Vocabulary) -> list[str]:
    """Pairs of different words of the scenes whose drawings in one style are alike."""
    words = {code: word for word, code in vocabulary.objects.items()}
    words |= {
        vocabulary.code(role, gender): f"{gender} {role}" for role in vocabulary.roles for gender in ("man", "woman")
    }
    found = set()
    for one, other in pairs(alike, len(rows)):
        names = [words.get(rows[index].code) for index in (one, other)]
        if all(names) and kind_of(rows[one], rows[other]) == "other emoji, same style":
            found.add(f"{names[0]} and {names[1]} ({rows[one].style})")
    return sorted(found)


def _on_white(drawing: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    alpha = drawing[..., 3:].astype(np.float32) / 255
    return np.rint(drawing[..., :3] * alpha + 255 * (1 - alpha)).astype(np.uint8)
