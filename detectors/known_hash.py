"""The `known_hash` detector: whether media is on a list of known hashes.

Exact bytes by SHA-256, look-alikes by PDQ within 31 bits, the distance that PDQ's authors recommend, and films by the
share of their pictures (`detectors.hashes.films`). What a list is for, and who keeps it, this module does not know.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.media import Kind, Media, View
from detectors.base import Evidence, Finding
from detectors.film_hashes import PARSERS
from detectors.fingerprints import undone
from detectors.hash_list import HashKind, HashList, Match
from detectors.hashes.columns import BYTES
from detectors.hashes.entry import MIN_QUALITY
from detectors.hashes.films import SHARE, Shown
from detectors.hashes.tables import RADIUS as MAX_DISTANCE
from detectors.pdq import Pdq, pdq
from detectors.single import SingleDetector, version_of

__all__ = ["MAX_DISTANCE", "MIN_QUALITY", "KnownHashDetector", "version_with"]
FILM_HASHES = "film_hashes"
TURNED = "pdq.turned"
"""The code of a picture that matches only once it is turned, mirrored or tilted back."""
NAMED = 8
"""Matches that a finding names one by one, the nearest; of the others it tells kind and list."""


class KnownHashDetector(SingleDetector):
    """Looks media up in a snapshot of hash lists; of animations and videos each sampled frame, and videos as films."""

    name = "known_hash"
    label = "known_content"
    kinds = frozenset((Kind.IMAGE, Kind.VIDEO))
    views = frozenset(PARSERS)
    summary = (
        "Compares the file's SHA-256, the PDQ hash of its pictures, and for videos the share of pictures in common "
        "(vPDQ), with lists of known media."
    )
    limits = (
        "Finds only what is on the lists. PDQ survives re-encoding and scaling, of still pictures also quarter turns, "
        "mirroring and small tilts, but no strong cropping; pictures with little structure have no usable hash; of an "
        "animation only sampled frames are hashed, of a video a picture a second at most."
    )

    def __init__(self, hashes: HashList) -> None:
        self._hashes = hashes
        self._hashes.prepare()
        self.version = version_with(hashes.digest)

    def examine(self, media: Media) -> Finding:
        """DETECTED on any match; ABSTAINED without a list, or where nothing matches and something was not compared."""
        if not len(self._hashes):
            return self.abstain("No list of known hashes is loaded.", ("hash_list.empty",))
        if exact := self._hashes.exact(media.digest.removeprefix("sha256:")):
            return self._matched(exact)
        hashes = [pdq(frame.pixels) for frame in media.frames()]
        usable = [value for value in hashes if value.quality >= MIN_QUALITY]
        matches = [match for value in usable for match in self._hashes.near(value.words, MAX_DISTANCE)]
        film = shown_by(media.view(FILM_HASHES)) if self._compares_films(media) else None
        if film is not None and len(film):
            matches += self._hashes.films(film)
        if matches:
            return self._matched(matches)
        if turned := self._turned(media) if usable else []:
            return self._matched(turned, TURNED)
        if not usable:
            return self.abstain(_too_plain(hashes), ("pdq.low_quality",))
        if film is None and self._compares_films(media):
            return self.abstain("The film's pictures could not be compared with listed films.", ("films.unread",))
        return self.not_detected("Neither the file nor any of its hashed pictures is on a loaded list.")

    def _turned(self, media: Media) -> list[Match]:
        """What a still picture matches once it is turned, mirrored or tilted back. Films would cost too much."""
        if media.kind is Kind.VIDEO or not self._hashes.sizes[HashKind.PDQ]:
            return []
        hashes = (pdq(pixels) for pixels in undone(media.frames()[0].pixels))
        words = [value.words for value in hashes if value.quality >= MIN_QUALITY]
        return [match for each in words for match in self._hashes.near(each, MAX_DISTANCE)]

    def _compares_films(self, media: Media) -> bool:
        return media.kind is Kind.VIDEO and bool(self._hashes.sizes[HashKind.VPDQ])

    def _matched(self, matches: Sequence[Match], *codes_besides: str) -> Finding:
        """`matches`: not empty."""
        matches = sorted(matches, key=lambda match: (match.distance, match.entry.key))
        kinds = {match.entry.kind for match in matches}
        named = list({match.entry.key: match for match in reversed(matches)}.values())[::-1][:NAMED]
        codes = {f"match.{kind.value}" for kind in kinds} | {f"list.{match.entry.list}" for match in matches}
        codes |= {*codes_besides, *(f"entry.{match.entry.id}" for match in named)}
        said = "\n".join([f"lists {self._hashes.digest}", *map(_told, named)])
        evidence = Evidence("text", "text/plain", said.encode(), "the entries that match, and what their lists say")
        turned = " It was turned, mirrored or tilted." if TURNED in codes else ""
        return self.detected(_explained(matches[0], kinds) + turned, codes, (evidence,))


def version_with(digest: str) -> str:
    """The version of the detector on the list with that digest: what findings, and so decisions, name."""
    return version_of(3, [digest, MAX_DISTANCE, MIN_QUALITY, SHARE])


def _explained(nearest: Match, kinds: set[HashKind]) -> str:
    if HashKind.SHA256 in kinds:
        return "The file's bytes are on a list of known media."
    if HashKind.PDQ in kinds:
        within = f"within {nearest.distance} of {MAX_DISTANCE} allowed bits"
        return f"A picture is, {within}, on a list of known media."
    return (
        f"{nearest.share:.0%} of the film's pictures are in a listed film, of whose pictures "
        f"{nearest.listed_share:.0%} are in this one; {SHARE:.0%} of either are enough."
    )


def _told(match: Match) -> str:
    """One match in a line of evidence. Reason, source and tags stand there alone: evidence can be deleted."""
    entry = match.entry
    parts = [f"entry {entry.id}", f"list {entry.list}", f"kind {entry.kind}", f"{match.distance} bits"]
    if entry.kind is HashKind.VPDQ:
        parts.append(f"{match.share:.2f} of the film, {match.listed_share:.2f} of the listed one")
        parts.append(f"first at {match.time:.1f} s")
    said = (("reason", entry.reason), ("source", entry.source), ("tags", " ".join(entry.tags)))
    return "; ".join([*parts, *(f"{name}: {' '.join(text.split())}" for name, text in said if text)])


def shown_by(view: View) -> Shown | None:
    """The film's usable pictures; None where the parser read none, or tells what it could not have read."""
    hashes, qualities, times = (view.arrays.get(name) for name in ("hashes", "qualities", "times"))
    if view.error or hashes is None or qualities is None or times is None:
        return None
    fits = hashes.shape == (len(qualities), BYTES) and qualities.shape == times.shape == (len(hashes),)
    if not fits or hashes.dtype != np.uint8 or qualities.dtype != np.uint8 or times.dtype != np.float64:
        return None
    return Shown(hashes, qualities, times).usable()


def _too_plain(hashes: Sequence[Pdq]) -> str:
    best = max((value.quality for value in hashes), default=0)
    return f"No exact match, and too little structure for a perceptual hash: quality {best}, {MIN_QUALITY} needed."
