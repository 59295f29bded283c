"""Every detector on every file it is for, as it is and after every delivery.

Files are opened a few at a time, and go when they were looked at: a set may be larger than memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from zlib import crc32

from numpy.random import default_rng

from core.media import Media
from detectors.base import Detector
from training.evaluation.detecting.deliveries import AS_IS, DELIVERIES, Delivery
from training.evaluation.detecting.listing import Label, Row
from training.evaluation.detecting.looking import Look, Sample, look, nothing
from training.evaluation.detecting.opening import Opener
from training.evaluation.detecting.tasks import TASKS
from training.evaluation.progress import Advance

JPEG = "jpeg"
"""The parser that tells a JPEG's quality; baselines use it whether detectors do or not."""
_TOGETHER = 8  # files in a batch


@dataclass(frozen=True, slots=True)
class Facts:
    """What anybody sees of a file without looking at the picture, and its mean colour: what baselines know.

    quality: of a JPEG, 1 to 100, where it can be told; else 0. colour: mean of red, green and blue, 0 to 255.
    """

    width: int
    height: int
    mime: str
    quality: int
    colour: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Seen:
    """One file. looks: by the name of each detector that is for its label."""

    row: Row
    facts: Facts
    looks: Mapping[str, Look]


@dataclass(frozen=True, slots=True)
class Pass:
    """All files in one state. step: `AS_IS`, or the delivery's name."""

    step: str
    seen: tuple[Seen, ...]


async def passes(
    rows: Sequence[Row],
    detectors: Sequence[Detector],
    opener: Opener,
    deliveries: Mapping[str, Delivery] = DELIVERIES,
    advance: Advance = lambda _: None,
) -> tuple[Pass, ...]:
    """One pass over the files as they are, then one a delivery; each has the same files in the same order.

    Rows that no detector is for are not opened. What cannot be opened is told by `opener`. advance: told how many rows
    were done since.
    """
    gathered: dict[str, list[Seen]] = {step: [] for step in (AS_IS, *deliveries)}
    for some in _portions(wanted(rows, detectors)):
        opened = [(row, sample) for row in some if (sample := await opener.sample(row)) is not None]
        first = [(row, sample, facts_of(sample.media)) for row, sample in opened]
        gathered[AS_IS] += _looked(first, detectors)
        for step, delivery in deliveries.items():
            again = [
                (row, *await _delivered(row, sample, facts, step, delivery, opener)) for row, sample, facts in first
            ]
            gathered[step] += _looked(again, detectors)
        advance(len(some))
    return tuple(Pass(step, tuple(seen)) for step, seen in gathered.items())


def wanted(rows: Sequence[Row], detectors: Sequence[Detector]) -> list[Row]:
    """The rows that one of the detectors is for."""
    return [row for row in rows if _for(row, detectors)]


def facts_of(media: Media) -> Facts:
    """Of the file, and its first frame."""
    red, green, blue = media.frames()[0].pixels.reshape(-1, 3).mean(axis=0).tolist()
    quality = int(media.view(JPEG).facts.get("quality", 0))
    return Facts(media.width, media.height, media.mime, quality, (red, green, blue))


async def _delivered(
    row: Row, sample: Sample, facts: Facts, step: str, delivery: Delivery, opener: Opener
) -> tuple[Sample | None, Facts]:
    """The file after a delivery, and its facts; those from before where it became one that nobody opens."""
    rng = default_rng([crc32(step.encode()), *row.name.encode()])
    media = await opener.delivered(delivery(sample.media.frames()[0].pixels, rng))
    return (None, facts) if media is None else (Sample(media), facts_of(media))


def _looked(files: Sequence[tuple[Row, Sample | None, Facts]], detectors: Sequence[Detector]) -> Iterator[Seen]:
    looks: list[dict[str, Look]] = [{} for _ in files]
    for detector in detectors:
        its = [at for at, (row, _, _) in enumerate(files) if _for(row, (detector,))]
        readable = {at: sample for at in its if (sample := files[at][1]) is not None}
        found = dict(zip(readable, look(detector, tuple(readable.values())), strict=True))
        for at in its:
            looks[at][detector.name] = found.get(at) or nothing(detector)
    for (row, _, facts), each in zip(files, looks, strict=True):
        yield Seen(row, facts, each)


def _for(row: Row, detectors: Sequence[Detector]) -> bool:
    return row.label is Label.REAL or any(TASKS[each.name] is row.label for each in detectors)


def _portions(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    for start in range(0, len(rows), _TOGETHER):
        yield rows[start : start + _TOGETHER]
