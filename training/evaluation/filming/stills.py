"""Films made of any picture: a camera moves over it, and what it sees is coded as a film. Knows no truth.

Pictures by generators and by people are filmed alike: the same moves, sizes and codecs, and no picture is enlarged.
That is not what a generator of films makes: its pictures differ from one another by more than a camera's way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from core.media import Pixels
from training.evaluation.filming.files import H264, VP9, Codec, encoded
from training.evaluation.filming.moves import RATE, path_of, seen

MOVES = ("pan", "hand", "zoom", "whip")
"""Of `training.evaluation.filming.moves`: those that need no passer-by."""
LEAST, MOST = 224, 360
"""Pixels of a film's shorter side, where the picture has as many."""
_ASPECTS = (16 / 9, 4 / 3, 1.0, 3 / 4)
_CLOSEST = 0.75  # of what fits into the picture: nearer, and it would be enlarged
_QUALITIES = {H264: (18, 36), VP9: (24, 49)}  # from, up to below
_BANDS = 3


@dataclass(frozen=True, slots=True)
class Coding:
    """How a film is coded. crf: its quality. band: 0 for the best third of qualities, to 2 for the worst."""

    codec: Codec
    crf: int

    @property
    def band(self) -> str:
        """For tables: "H.264 18-23"."""
        low, high = _QUALITIES[self.codec]
        width = -(-(high - low) // _BANDS)
        start = low + (self.crf - low) // width * width
        return f"{self.codec.name} {start}-{min(high, start + width) - 1}"


def coding(rng: np.random.Generator) -> Coding:
    """Two in three as H.264, the others as VP9, of all qualities alike."""
    codec = H264 if rng.random() < 2 / 3 else VP9
    return Coding(codec, int(rng.integers(*_QUALITIES[codec])))


def size_of(pictures: Sequence[Pixels], rng: np.random.Generator) -> tuple[int, int]:
    """Width and height of a film of them, both even: as large as the smallest allows."""
    height, width = (min(picture.shape[axis] for picture in pictures) for axis in (0, 1))
    aspect = float(rng.choice(_ASPECTS))
    widest = min(width, height * aspect) * _CLOSEST
    short = float(np.exp(rng.uniform(np.log(LEAST), np.log(MOST))))
    across = min(widest, short * max(1.0, aspect))
    return max(16, int(across) // 2 * 2), max(16, int(across / aspect) // 2 * 2)


def shot_of(picture: Pixels, size: tuple[int, int], count: int, rng: np.random.Generator) -> Pixels:
    """`count` RGB pictures of `size` (width, height), (n, h, w, 3): of a picture that is not smaller."""
    path = path_of(str(rng.choice(MOVES)), count, rng)
    window = np.interp(path.window, (0.3, 0.95), (_CLOSEST, 1.0))
    height, width = picture.shape[:2]
    factor = min(1.0, size[0] / (_CLOSEST * min(width, height * size[0] / size[1])))
    small = (max(size[0], round(width * factor)), max(size[1], round(height * factor)))
    scene = np.asarray(cv2.resize(picture, small, interpolation=cv2.INTER_AREA), np.uint8)
    fits = min(small[0], small[1] * size[0] / size[1])
    views = [
        seen(scene, centre, max(size[0], share * fits), size) for centre, share in zip(path.centre, window, strict=True)
    ]
    return np.stack(views)


def film_of(shots: Sequence[Pixels], coded: Coding) -> bytes:
    """A film of shots of one size, one behind the other."""
    return encoded(np.concatenate(shots), RATE, coded.crf, codec=coded.codec)
