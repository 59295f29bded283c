"""Edits of films with the truth about them. Knows arrays of pictures; does not know how films are stored."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from core.media import Pixels

KINDS = ("repeated", "inserted", "dropped")


@dataclass(frozen=True, slots=True)
class Truth:
    """One edit, in pictures of the edited film: [start, end) is new; of a drop, start and end are where the film was
    joined. source: where a repeated segment was taken from, first picture; -1 for other kinds.
    """

    kind: str
    start: int
    end: int
    source: int = -1


def repeated(film: Pixels, rng: np.random.Generator, rate: int) -> tuple[Pixels, Truth]:
    """A segment of 0.6 to 1.6 seconds, put in again at least half a second away from itself, or over what was there."""
    count = int(rng.integers(round(0.6 * rate), round(1.6 * rate)))
    source = int(rng.integers(0, len(film) - count))
    apart = [at for at in range(1, len(film) - 1) if at >= source + count + rate // 2 or at <= source - rate // 2]
    places = [at for at in apart if at + count <= source or at >= source + count]
    at = int(rng.choice(places))
    segment = film[source : source + count]
    over = at + count <= len(film) and rng.random() < 0.5
    made = np.concatenate([film[:at], segment, film[at + count if over else at :]])
    moved = source + count if at <= source and not over else source
    return made, Truth("repeated", at, at + count, moved)


def inserted(film: Pixels, other: Pixels, rng: np.random.Generator, rate: int) -> tuple[Pixels, Truth]:
    """0.3 to 2 seconds of another film, between two pictures of this one."""
    count = min(len(other), int(rng.integers(round(0.3 * rate), 2 * rate)))
    at = int(rng.integers(rate // 2, len(film) - rate // 2))
    return np.concatenate([film[:at], other[:count], film[at:]]), Truth("inserted", at, at + count)


def dropped(film: Pixels, cuts: list[int], rng: np.random.Generator, rate: int) -> tuple[Pixels, Truth]:
    """0.2 to 1.2 seconds taken out of one shot. cuts: first pictures of shots. The rest of the film is as it was."""
    count = int(rng.integers(round(0.2 * rate), round(1.2 * rate)))
    bounds = [0, *cuts, len(film)]
    shots = [(first, last) for first, last in pairwise(bounds) if last - first > count + rate]
    first, last = shots[int(rng.integers(len(shots)))]
    at = int(rng.integers(first + rate // 2, last - rate // 2 - count + 1))
    return np.concatenate([film[:at], film[at + count :]]), Truth("dropped", at, at)
