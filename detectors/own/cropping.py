"""What a brought classifier is shown of a picture: all of it, or every face in it with some margin.

Checkpoints that look for face swaps were trained on crops of faces, and say nothing of whole pictures. Which crops
those are, this module knows; what is made of them, the reader.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import ConfigurationError
from core.media import Pixels
from detectors.faces.finder import Face, FaceFinder
from detectors.own.settings import OwnCheckpoint
from detectors.verdicts.learned import Reading
from detectors.verdicts.names import FACES

NO_FACES, SMALL_FACES, UNSEEN = "faces.none", "faces.too_small", "faces.unseen"
SHOWN = "faces.shown"
"""How many of the faces that were found the classifier was shown."""
MOST_FACES = 16
"""That are shown, the largest: a crowd could keep a processor busy."""
_MAP = 256  # pixels of the longer side of the map that marks a face


@dataclass(frozen=True, eq=False, slots=True)
class Shown:
    """pictures: RGB uint8 (h, w, 3), one for each of `faces`; of a picture that is shown whole, itself and no face.
    found: how many faces there are, shown or not. refused: what to say where there is nothing to show.
    """

    pictures: tuple[Pixels, ...]
    faces: tuple[Face, ...] = ()
    found: int = 0
    refused: Reading | None = None


@dataclass(frozen=True, eq=False, slots=True)
class FaceCrops:
    """margin: what a crop has on all sides together, in sides of the face. least: pixels of a crop's shorter side,
    below which it is not shown.
    """

    finder: FaceFinder
    margin: float
    least: int

    def shown(self, pixels: Pixels) -> Shown:
        """The crops of one picture, those of the largest faces first."""
        faces = self.finder.find(pixels)
        count = counted(len(faces), 0)
        if not faces:
            why = "No face was found in the picture."
            return Shown((), refused=Reading(None, why, codes=(NO_FACES,), measurements=count))
        crops = [(crop(pixels, face, self.margin), face) for face in faces[:MOST_FACES]]
        large = [(each, face) for each, face in crops if min(each.shape[:2]) >= self.least]
        if not large:
            why = f"No face has the {self.least} pixels that the checkpoint needs."
            return Shown((), refused=Reading(None, why, codes=(SMALL_FACES,), measurements=count))
        pictures, kept = zip(*large, strict=True)
        return Shown(pictures, kept, len(faces))


def crops_of(checkpoint: OwnCheckpoint, least: int) -> FaceCrops | None:
    """None where the checkpoint sees whole pictures. Raises ConfigurationError, naming the detector, where faces cannot
    be found for want of the extra, and IntegrityError for other files.
    """
    if checkpoint.crop != "faces":
        return None
    try:
        return FaceCrops(FaceFinder.load(), checkpoint.margin, least)
    except ConfigurationError as error:
        raise ConfigurationError(f"the detector {checkpoint.name}: {error}") from error


def counted(found: int, shown: int) -> tuple[tuple[str, float], ...]:
    """As measurements of a reading."""
    return (FACES, float(found)), (SHOWN, float(shown))


def crop(pixels: Pixels, face: Face, margin: float) -> Pixels:
    """The square about a face, see `window`."""
    return np.ascontiguousarray(pixels[window(pixels, face, margin)])


def window(pixels: Pixels, face: Face, margin: float) -> tuple[slice, slice]:
    """Rows and columns of the square about a face, moved into the picture where it sticks out, and cut where that is
    smaller.
    """
    side = round(max(face.width, face.height) * (1 + margin))
    spans = []
    for start, length, room in (
        (face.top, face.height, pixels.shape[0]),
        (face.left, face.width, pixels.shape[1]),
    ):
        first = min(max(0, start + (length - side) // 2), max(0, room - side))
        spans.append(slice(first, min(room, first + side)))
    return spans[0], spans[1]


def marked(pixels: Pixels, face: Face) -> NDArray[np.float32]:
    """A map of the picture, float32, 1 where the face is."""
    scale = min(1.0, _MAP / max(pixels.shape[:2]))
    made = np.zeros([max(1, round(length * scale)) for length in pixels.shape[:2]], np.float32)
    top, left = int(face.top * scale), int(face.left * scale)
    made[top : top + max(1, round(face.height * scale)), left : left + max(1, round(face.width * scale))] = 1
    return made
