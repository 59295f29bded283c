"""The `known_hash` detector: whether media is on a list of known hashes.

Exact bytes by SHA-256, look-alikes by PDQ within 31 bits, the distance that PDQ's authors recommend. What a list is
for, and who keeps it, this module does not know.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.media import Kind, Media
from detectors.base import Finding
from detectors.hash_list import HashKind, HashList, Match
from detectors.pdq import Pdq, pdq
from detectors.single import SingleDetector, version_of

MAX_DISTANCE = 31
MIN_QUALITY = 50


class KnownHashDetector(SingleDetector):
    """Looks media up in a snapshot of hash lists; for videos, each sampled frame."""

    name = "known_hash"
    label = "known_content"
    kinds = frozenset((Kind.IMAGE, Kind.VIDEO))
    views = frozenset[str]()
    summary = "Compares the file's SHA-256 and the PDQ hash of its pictures with lists of known media."
    limits = (
        "Finds only what is on the lists. PDQ survives re-encoding and scaling, not rotation, mirroring or strong "
        "cropping; pictures with little structure have no usable hash; of a video or animation only sampled frames are "
        "hashed."
    )

    def __init__(self, hashes: HashList) -> None:
        self._hashes = hashes
        self.version = version_of(1, [hashes.digest, MAX_DISTANCE, MIN_QUALITY])

    def examine(self, media: Media) -> Finding:
        """DETECTED on any match; ABSTAINED without a list, or where nothing matches and no picture can be hashed."""
        if not len(self._hashes):
            return self.abstain("No list of known hashes is loaded.", ("hash_list.empty",))
        if exact := self._hashes.exact(media.digest.removeprefix("sha256:")):
            return self._matched(exact)
        hashes = [pdq(frame.pixels) for frame in media.frames()]
        usable = [value for value in hashes if value.quality >= MIN_QUALITY]
        matches = [match for value in usable for match in self._hashes.near(value.words, MAX_DISTANCE)]
        if matches:
            return self._matched(sorted(matches, key=lambda match: (match.distance, match.entry.key)))
        if not usable:
            return self.abstain(_too_plain(hashes), ("pdq.low_quality",))
        return self.not_detected("Neither the file nor any of its hashed pictures is on a loaded list.")

    def _matched(self, matches: Sequence[Match]) -> Finding:
        """`matches`: not empty, nearest first."""
        nearest, kinds = matches[0], {match.entry.kind for match in matches}
        lists = {match.entry.list for match in matches}
        how = (
            "The file's bytes are"
            if HashKind.SHA256 in kinds
            else f"A picture is, within {nearest.distance} of {MAX_DISTANCE} allowed bits,"
        )
        codes = {f"match.{kind.value}" for kind in kinds} | {f"list.{name}" for name in lists}
        return self.detected(f"{how} on a list of known media.", codes)


def _too_plain(hashes: Sequence[Pdq]) -> str:
    best = max((value.quality for value in hashes), default=0)
    return f"No exact match, and too little structure for a perceptual hash: quality {best}, {MIN_QUALITY} needed."
