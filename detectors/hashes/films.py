"""Films that share pictures: vPDQ's comparison of one film with many listed ones. Knows hashes and times.

Source: vPDQ of ThreatExchange (Meta). Pictures below a quality of 50 are left out on both sides, and of those with one
hash all but the first; two are the same within 31 bits. Two films match by the share of pictures of each that have one
on the other side: the whole of a listed film inside a long upload, and a short piece of a long listed film, are both
found. Meta's default asks for 80% of the upload's alone, which misses the first of these.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from core.media import Pixels
from detectors.hashes.columns import Frames, words_of
from detectors.hashes.entry import MIN_QUALITY
from detectors.hashes.tables import RADIUS, Words, near_of

SHARE = 0.8
"""Of the pictures of either film that must have one in the other."""


@dataclass(frozen=True, eq=False, slots=True)
class Shown:
    """Pictures of one film. hashes: uint8 (n, 32). qualities: uint8 (n,). times: float64 (n,), seconds."""

    hashes: Pixels
    qualities: Pixels
    times: NDArray[np.float64]

    def usable(self) -> Shown:
        """Those that can be compared, each hash once, in the order of their times."""
        return self._take(_distinct(self.hashes, self.qualities))

    def _take(self, at: NDArray[np.intp]) -> Shown:
        return Shown(self.hashes[at], self.qualities[at], self.times[at])

    def __len__(self) -> int:
        return len(self.qualities)


@dataclass(frozen=True, slots=True)
class FilmMatch:
    """film: number of the listed one. share, listed_share, time: as of `detectors.hashes.entry.Match`."""

    film: int
    share: float
    listed_share: float
    distance: int
    time: float


class FilmIndex:
    """All listed films, to be asked about one."""

    def __init__(self, frames: Frames) -> None:
        kept = [
            start + _distinct(frames.hashes[start:stop], frames.qualities[start:stop])
            for start, stop in pairwise(frames.bounds)
        ]
        rows = np.concatenate([np.zeros(0, np.intp), *kept])
        self._sizes = np.array([len(each) for each in kept], np.int64)
        self._films = np.repeat(np.arange(len(kept)), self._sizes)
        self._near = near_of(words_of(np.ascontiguousarray(frames.hashes[rows])))

    def matches(self, film: Shown) -> list[FilmMatch]:
        """Listed films that share enough with `film`, which has only usable pictures; the most alike first."""
        found = [self._near.near(words, RADIUS) for words in _rows(film)]
        rows = np.concatenate([np.zeros(0, np.int64), *(each for each, _ in found)])
        if not len(rows):
            return []
        asked = np.repeat(np.arange(len(found)), [len(each) for each, _ in found])
        far = np.concatenate([each for _, each in found])
        return sorted(
            self._judged(film, rows, asked, far), key=lambda match: (-max(match.share, match.listed_share), match.film)
        )

    def _judged(
        self, film: Shown, rows: NDArray[np.int64], asked: NDArray[np.intp], far: NDArray[np.int64]
    ) -> list[FilmMatch]:
        """rows: that were found. asked: by which picture of ours. far: bits between both."""
        films = self._films[rows]
        matches = []
        for number in np.unique(films).tolist():
            of = films == number
            ours, theirs = np.unique(asked[of]), np.unique(rows[of])
            share, listed = len(ours) / len(film), len(theirs) / int(self._sizes[number])
            if max(share, listed) >= SHARE:
                first = float(film.times[ours[0]])
                matches.append(FilmMatch(number, share, listed, int(far[of].min()), first))
        return matches


def _distinct(hashes: Pixels, qualities: Pixels) -> NDArray[np.intp]:
    """Where usable pictures stand, each hash at its first place."""
    good = np.flatnonzero(qualities >= MIN_QUALITY)
    _, first = np.unique(hashes[good], axis=0, return_index=True)
    return good[np.sort(first)]


def _rows(film: Shown) -> Sequence[Words]:
    return list(words_of(np.ascontiguousarray(film.hashes)))
