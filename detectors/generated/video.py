"""The `generated_video` detector: whether a film, or a shot of it, looks like the work of a generator.

It looks at single pictures of the film as `generated_image` does, with a calibration of its own: on pictures that went
through H.264 and VP9. What the pictures' order and motion tell is not judged. It needs what pictures show as CLIP sees
it, since the figures of pixels alone are near chance: without the extra `clip` it abstains on every film.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from core.media import Kind, Media
from core.weights import PinnedWeights
from detectors.base import Detector, Finding, abstention
from detectors.films.frame_wise import FrameWise, Naming
from detectors.generated.detector import Branches, GeneratedDetector
from detectors.generated.tower import Tower
from detectors.single import version_of

NAME = "generated_video"
"""The detector, and its weights in the manifest."""
NO_TOWER = "clip.missing"
NAMING = Naming(
    NAME,
    GeneratedDetector.label,
    "Weighs signs that pictures of a film were made by a generator, shot by shot; abstains unless they are strong.",
    "Was fitted and measured on still pictures, by generators and by people, over which a camera moves: no film by a "
    "generator of films was to be had, and how many of those it finds nobody knows. Looks at eight pictures at most, "
    "not at motion or sound: a film of more shots, a shot of which no picture could be judged, or a film of which only "
    "the beginning was searched for cuts is never called clean. Without the extra clip it abstains. It sees neither "
    "edits of parts nor who made a film, and it is never a proof: a person decides.",
)


class Unequipped:
    """The same detector where there is no tower: policies know its name, and films are told that nobody looked."""

    name, label, summary, limits = NAMING.name, NAMING.label, NAMING.summary, NAMING.limits
    kinds = frozenset((Kind.VIDEO,))
    views: frozenset[str] = frozenset()

    def __init__(self) -> None:
        self.version = version_of(1, asdict(NAMING))

    def detect(self, batch: Sequence[Media]) -> list[Finding]:
        """One abstention for each of `batch`."""
        why = "What its pictures show cannot be seen without the extra clip."
        return [abstention(self, why, (NO_TOWER,)) for _ in batch]


def generated_video(weights: Mapping[str, PinnedWeights], tower: Tower | None) -> Detector:
    """Of the manifest's weights. Raises as `GeneratedDetector.load`."""
    if tower is None:
        return Unequipped()
    pinned = weights[NAME]
    return FrameWise(GeneratedDetector(pinned, Branches.of(pinned, tower)), NAMING)
