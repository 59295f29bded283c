"""Finding the signed file that a picture or film is a copy of. Read this file first.

    pixels the same? ── yes ──> that file, for sure
      └─ no ──> candidates: by the watermark's id (log), by codes (memory)
                  └──> the picture laid over each candidate's sketch ──> agrees ──> a match, graded
                                                                       └─ not ──> a watermark that was copied

A watermark counts only with the picture's agreement: whoever can read one can write it into another picture. Knows
media, findings and the log; it does not know policies, nor which tenant may learn what.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.credential import Credential
from core.media import Frame, Media
from detectors.base import Finding, Verdict
from detectors.fingerprints import pixels_digest, ways
from detectors.sketch import AGREES, BYTES, likeness
from server.audit.reading.durable import DurableReads, Kept
from server.provenance import Stores
from server.recovery.bindings import spread
from server.recovery.match import Certainty, Found, Match
from server.recovery.memory import MOST, Hit, Memory

WATERMARK = "watermark"
"""The detector whose codes name the id in a picture."""
ID = "watermark.id."
CANDIDATES = 4
"""Signed files that are compared with one picture: so many by its watermark, and as many by its codes."""
LOOKED_AT = 3
"""Pictures of a film that are laid over sketches."""


@dataclass(frozen=True, eq=False, slots=True)
class Agreement:
    """How far one candidate agrees with the media. marked: its watermark was read in the media."""

    kept: Kept
    hit: Hit | None
    likeness: float
    marked: bool


class Recovery:
    """Looks things up. stores: judges manifests that were found."""

    def __init__(self, reads: DurableReads, stores: Stores) -> None:
        self._reads = reads
        self._stores = stores
        self.memory = Memory(reads)

    async def find(self, media: Media, findings: Sequence[Finding] = (), marks: Iterable[str] = ()) -> Found:
        """Which signed files `media` shows. findings: of the detectors, for the watermark. marks: further ids that it
        is said to carry, 12 hexadecimal digits each: they name candidates, and make none of them surer. Raises
        Unavailable while the log cannot answer.
        """
        if same := await self._same_pixels(media):
            return Found(same)
        read = await self._marked(ids_in(findings))
        marked = [*read, *(index for index in await self._marked(marks) if index not in read)]
        await self.memory.catch_up()
        hits = await asyncio.to_thread(self._hits, media.frames()) if len(self.memory) else {}
        near = [index for index in hits if index not in marked]
        kept = [*await self._chosen(marked, media), *await self._chosen(near, media)]
        if not kept:
            return Found()
        agreements = await asyncio.to_thread(_agreements, media.frames(), kept, hits, read)
        matches = [match for match in map(graded, agreements) if match is not None]
        confirmed = any(match.kept.index in marked for match in matches)
        return Found(tuple(sorted(matches, key=rank)), unconfirmed=bool(marked) and not confirmed)

    async def judged(self, match: Match) -> Credential:
        """What the manifest of a match is worth now: see `Stores.judge`."""
        return await self._stores.judge(match.kept.manifest)

    async def _same_pixels(self, media: Media) -> tuple[Match, ...]:
        digest = await asyncio.to_thread(pixels_digest, media.frames())
        same = await self._chosen(await self._reads.bound_to("pixels", digest, MOST), media)
        return tuple(Match(each, Certainty.SURE, ("pixels",)) for each in same)

    async def _chosen(self, indexes: Sequence[int], media: Media) -> list[Kept]:
        """The best few of the signed files at `indexes`, which are the best first, without what was made from `media`.

        Those that were made from no upload go first: whoever wants to hide one can have as many as it takes made from a
        copy of it.
        """
        kept = await self._reads.kept_at(indexes[:MOST])
        others = [kept[index] for index in indexes if index in kept and kept[index].source_digest != media.digest]
        return sorted(others, key=lambda each: bool(each.source_digest))[:CANDIDATES]

    async def _marked(self, ids: Iterable[str]) -> list[int]:
        found = [await self._reads.bound_to(WATERMARK, bytes.fromhex(each), CANDIDATES) for each in sorted(ids)]
        return [index for indexes in found for index in indexes]

    def _hits(self, frames: Sequence[Frame]) -> dict[int, Hit]:
        """Candidates that at least half of the pictures with codes are near to, the nearest first."""
        seen = [self.memory.near(codes) for frame in spread(frames) if (codes := ways(frame))]
        votes: dict[int, list[Hit]] = {}
        for hits in seen:
            for hit in hits:
                votes.setdefault(hit.item, []).append(hit)
        agreed = [min(each, key=lambda hit: hit.nearest) for each in votes.values() if 2 * len(each) >= len(seen)]
        nearest = sorted(agreed, key=lambda hit: (hit.nearest, -hit.item))[:MOST]
        return {hit.item: hit for hit in nearest}


def ids_in(findings: Sequence[Finding]) -> set[str]:
    """The watermark ids that were read, 12 hexadecimal digits each."""
    codes = (
        code
        for finding in findings
        if finding.detector == WATERMARK and finding.verdict is Verdict.DETECTED
        for code in finding.codes
    )
    return {code.removeprefix(ID) for code in codes if code.startswith(ID)}


def rank(match: Match) -> tuple[float, ...]:
    """Sorts the surest first, and of equally sure ones what looks most alike.

    Of several watermarks in one picture the newest is that of the last work on it; those before are its sources'.
    """
    newest = match.kept.index if WATERMARK in match.kinds else 0
    return (-match.certainty, -newest, -match.likeness, -match.kept.index)


def graded(agreement: Agreement) -> Match | None:
    """The match that an agreement comes to; None where the picture does not show what was signed."""
    if agreement.likeness < AGREES:
        return None
    distances: Mapping[str, int] = agreement.hit.distances if agreement.hit else {}
    if agreement.marked:
        certainty = Certainty.SURE
    else:
        certainty = Certainty.AMBIGUOUS if agreement.kept.source_digest else Certainty.LIKELY
    kinds = {"sketch", *distances, *([WATERMARK] if agreement.marked else [])}
    return Match(agreement.kept, certainty, tuple(sorted(kinds)), distances, agreement.likeness)


def _agreements(
    frames: Sequence[Frame], kept: Sequence[Kept], hits: Mapping[int, Hit], read: Sequence[int]
) -> list[Agreement]:
    return [Agreement(each, hits.get(each.index), _likeness(frames, each), each.index in read) for each in kept]


def _likeness(frames: Sequence[Frame], kept: Kept) -> float:
    """The median over a few pictures of how well each agrees with the sketches about its place in the film."""
    sketches = [kept.sketches[at : at + BYTES] for at in range(0, len(kept.sketches) - BYTES + 1, BYTES)]
    if not sketches or not frames:
        return -1.0
    shown = [frames[index * len(frames) // LOOKED_AT] for index in range(LOOKED_AT)] if len(frames) > 1 else frames
    found = sorted(
        max(likeness(frame.pixels, sketch) for sketch in _about(sketches, place / len(shown)))
        for place, frame in enumerate(shown)
    )
    return found[len(found) // 2]


def _about(sketches: Sequence[bytes], place: float) -> Sequence[bytes]:
    """The sketches about a place in the film, 0 to 1: samples of a copy need not fall on the same moments."""
    middle = int(place * len(sketches))
    return sketches[max(0, middle - 1) : middle + 2]
