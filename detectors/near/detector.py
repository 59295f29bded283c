"""The `near_duplicate` detector: whether a picture was made out of a listed one.

A crop, a frame, a caption, a sticker, a collage: what PDQ does not survive. Two looks: a vector of the whole finds the
listed pictures that may be in it (`description`, `index`), and their points have to lie in it as one shape
(`geometry`). What a list is for, and who keeps it, this module does not know.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

from core.media import Kind, Media
from core.weights import read_manifest
from detectors.base import BETWEEN, Evidence, Finding, abstention
from detectors.calibration import Logistic
from detectors.near import geometry, index, keypoints
from detectors.near.description import ASKED, KEPT, LEAST, NAME, Describer
from detectors.near.files import load
from detectors.near.near_list import CANDIDATES, NearList, NearMatch
from detectors.single import SingleDetector, version_of
from detectors.texture import TOO_PLAIN

MANIFEST = Path(__file__).parents[1] / "weights" / "weights.toml"
EMPTY = "near_list.empty"
MIRRORED = "near.mirrored"
POINTS, SIMILARITY = "near.points", "near.similarity"
AGREEING = 12
"""Points from which on a picture is taken for a copy."""
NAMED = 8
"""Matches that a finding names one by one, those with most points."""
# python -m training.evaluation.near_copies --collection DIR --fit
CALIBRATION = Logistic(weights=(3.103,), bias=-6.075, bound=1.95)
"""Of the logarithm of one and the points, fitted on copies of 89 photographs."""
_EVENS = 0.5
MEASURED_FPR = 0.017
"""No stranger among 661 questions was taken for a copy; of the 217 pictures behind them that is the interval's end."""


class NearSource:
    """The detector as policies and the model list know it; needs neither weights nor a list."""

    name = NAME
    label = "near_duplicate"
    kinds = frozenset((Kind.IMAGE, Kind.VIDEO))
    views = frozenset[str]()
    summary = (
        "Looks for listed pictures in the picture, by SIFT points that lie in both as one shape: crops, frames, "
        "captions, collages, mirrored and turned copies."
    )
    limits = (
        "Finds only what is on the list. Pictures of few corners (sky, fog, flat drawings) are not described; small "
        "parts of a listed picture, and listed pictures shown very small or strongly blurred, are missed; what two "
        "pictures share by design, such as a logo, a page's layout, the same words or the same building, can make them "
        "look like copies. Of a video sampled frames are looked at."
    )
    measures: Mapping[str, tuple[float, float]] = MappingProxyType(
        {POINTS: (0.0, float(KEPT)), SIMILARITY: (-1.0, 1.0)}
    )

    def __init__(self, listed: str = "") -> None:
        """listed: digest of the list and of the model that describes."""
        self.version = version_with(listed)


class NearDetector(NearSource, SingleDetector):
    """Looks the picture up in a snapshot of a list; of animations and videos each sampled frame."""

    def __init__(self, describer: Describer, listed: NearList) -> None:
        """Raises ConfigurationError where FAISS is not installed."""
        super().__init__(listed.digest)
        listed.prepare()
        self._describer = describer
        self._listed = listed

    @classmethod
    def load(cls, path: Path) -> Self:
        """On the list in a file, with the shipped weights. Raises as `files.load` and `Describer.load`."""
        describer = shipped()
        return cls(describer, load(path, describer))

    def examine(self, media: Media) -> Finding:
        """DETECTED where a listed picture lies in one of the media's; ABSTAINED without a list, where all pictures are
        too plain, and where so many points agree that a copy is likelier than not, and too few to call it one.
        """
        if not len(self._listed):
            return self.abstain("No list of near duplicates is loaded.", (EMPTY,))
        asked = [self._describer.asked(frame.pixels) for frame in media.frames()]
        seen = [ways for ways in asked if ways]
        if not seen:
            return self.abstain(f"Too plain to be looked up: fewer than {LEAST} points.", (TOO_PLAIN,))
        found = [match for ways in seen for match in self._listed.matches(ways, 1)]
        matches = sorted(found, key=lambda match: (-match.agreement.points, match.id))
        good = [match for match in matches if match.agreement.points >= AGREEING]
        measured = _measured(matches, len(seen))
        return self._found(good, measured) if good else self._not_found(measured)

    def _not_found(self, measured: dict[str, Any]) -> Finding:
        if measured["probability"] > _EVENS:
            # NOT_DETECTED beside a probability above one half would say two things at once.
            why = f"{measured['score']:.0f} points agree: a copy is likelier than not, and {AGREEING} are needed."
            return abstention(self, why, (BETWEEN,), measured["measurements"])
        return self.not_detected("No listed picture lies in this one.", **measured)

    def _found(self, good: Sequence[NearMatch], measured: dict[str, Any]) -> Finding:
        """good: at least one match, the best first."""
        named = named_of(good)
        codes = {
            "match.near",
            *(f"list.{match.said.list}" for match in good),
            *(f"entry.{match.id}" for match in named),
        }
        if good[0].mirrored:
            codes.add(MIRRORED)
        said = "\n".join([f"list {self._listed.digest}", *map(_told, named)])
        evidence = Evidence("text", "text/plain", said.encode(), "the listed pictures, and what their lists say")
        return self.detected(_explained(good[0]), codes, (evidence,), **measured)


def shipped() -> Describer:
    """By the weights that ship. Raises as `Describer.load`."""
    return Describer.load(read_manifest(MANIFEST)[NAME])


def version_with(digest: str) -> str:
    """The version of the detector on the list with that digest: what findings, and so decisions, name."""
    looks = [geometry.settings(), keypoints.settings()]
    narrowing = [index.PART, index.WORTH, index.CLOSE]
    return version_of(3, [digest, ASKED, KEPT, LEAST, CANDIDATES, *narrowing, AGREEING, CALIBRATION.digest, looks])


def named_of(matches: Sequence[NearMatch]) -> list[NearMatch]:
    """Those that a finding names, each entry once, by its best. matches: best first."""
    first: dict[str, NearMatch] = {}
    for match in matches:
        first.setdefault(match.id, match)
    return list(first.values())[:NAMED]


def _measured(matches: Sequence[NearMatch], pictures: int) -> dict[str, Any]:
    """pictures: how many were looked up. The rate was counted on single ones: the best of many passes more often."""
    points = matches[0].agreement.points if matches else 0
    chance, ratio = CALIBRATION.judge((math.log1p(points),))
    similarity = max((match.similarity for match in matches), default=0.0)
    return {
        "score": float(points),
        "score_scale": f"points that agree, 0 to {KEPT}",
        "probability": chance,
        "log10_lr": ratio,
        "fpr_at_threshold": MEASURED_FPR if pictures == 1 else None,
        "calibration": CALIBRATION.digest,
        "measurements": {POINTS: float(points), SIMILARITY: similarity},
    }


def _explained(best: NearMatch) -> str:
    way = "mirrored, " if best.mirrored else ""
    points = f"{best.agreement.points} of the listed picture's points, {AGREEING} needed"
    return f"A listed picture lies in this one, {way}by {points}."


def _told(match: NearMatch) -> str:
    """One match in a line of evidence. Reason, source and tags stand there alone: evidence can be deleted."""
    parts = [f"entry {match.id}", f"list {match.said.list}", f"{match.agreement.points} points agree"]
    parts += [f"in {match.agreement.cells} places", f"cosine {match.similarity:.3f}"]
    if match.mirrored:
        parts.append("mirrored")
    said = (("reason", match.said.reason), ("source", match.said.source), ("tags", " ".join(match.said.tags)))
    return "; ".join([*parts, *(f"{name}: {' '.join(text.split())}" for name, text in said if text)])
