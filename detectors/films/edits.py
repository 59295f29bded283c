"""The edits of a film, from what repeats, what was put in and what is missing. Knows no files and no findings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from detectors.films import insertions, joins, repeats
from detectors.films.insertions import Insertion
from detectors.films.joins import Join
from detectors.films.repeats import Repeat
from detectors.films.timeline import Steps, Timeline

REPEATED, INSERTED, DROPPED = "repeated", "inserted", "dropped"
LEAST_STRENGTH = 0.2
"""Of whatever is reported."""
_SURE = 12.0  # natural log odds beyond the threshold from which a join is as clear as can be
_SEAM = 3  # pictures around the seams of a segment, whose jumps belong to it


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit. start, end: seconds; of what was dropped, the pictures before and after. source: seconds at which the
    film shows first what is repeated, None for other kinds. strength: from LEAST_STRENGTH at the threshold to 1.
    """

    kind: str
    start: float
    end: float
    strength: float
    source: float | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """Those of the parts."""

    repeats: repeats.Settings = field(default_factory=repeats.Settings)
    insertions: insertions.Settings = field(default_factory=insertions.Settings)
    joins: joins.Settings = field(default_factory=joins.Settings)


def find(timeline: Timeline, steps: Steps, shots: list[tuple[int, int]], settings: Settings) -> list[Edit]:
    """All edits of the pictures that were decoded, by time."""
    repeated = repeats.repeats(timeline.pictures, settings.repeats)
    segments = [(one.start, one.end) for one in repeated] + [
        (one.start - one.lag, one.end - one.lag) for one in repeated
    ]
    inserted = [
        one
        for one in insertions.insertions(timeline.pictures, shots, settings.insertions)
        if not any(_touch((one.start, one.end), segment) for segment in segments)
    ]
    segments += [(one.start, one.end) for one in inserted]
    missing = [one for one in joins.joins(steps, shots, settings.joins) if not _at_seam(one.at + 1, segments)]
    found = [
        *(_repeated(timeline, one, settings.repeats.same) for one in repeated),
        *(_inserted(timeline, one, settings.insertions.went_on) for one in inserted),
        *(_dropped(timeline, one, settings.joins.least) for one in missing),
    ]
    return sorted(found, key=lambda edit: (edit.start, edit.kind))


def _repeated(timeline: Timeline, one: Repeat, limit: float) -> Edit:
    start, end = _second(timeline, one.start), _second(timeline, one.end)
    return Edit(REPEATED, start, end, _strength(1 - one.ratio / limit), _second(timeline, one.start - one.lag))


def _inserted(timeline: Timeline, one: Insertion, limit: float) -> Edit:
    start, end = _second(timeline, one.start), _second(timeline, one.end)
    return Edit(INSERTED, start, end, _strength(1 - one.ratio / limit))


def _dropped(timeline: Timeline, one: Join, limit: float) -> Edit:
    start, end = _second(timeline, one.at), _second(timeline, one.at + 1)
    return Edit(DROPPED, start, end, _strength((one.odds - limit) / _SURE))


def _strength(share: float) -> float:
    return round(LEAST_STRENGTH + (1 - LEAST_STRENGTH) * min(1.0, max(0.0, share)), 4)


def _second(timeline: Timeline, picture: int) -> float:
    """The time of a picture; of the one behind the last, where that ends."""
    return float(timeline.shown[picture]) if picture < len(timeline.shown) else timeline.seconds


def _touch(first: tuple[int, int], second: tuple[int, int]) -> bool:
    return first[0] <= second[1] and second[0] <= first[1]


def _at_seam(picture: int, segments: Iterable[tuple[int, int]]) -> bool:
    return any(abs(picture - seam) <= _SEAM for segment in segments for seam in segment)
