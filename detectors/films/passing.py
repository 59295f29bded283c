"""One decoding of a film for all that look at it, its timeline and its hashes, whichever parser of a trip asks first.

Decoding is most of what either costs.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.media import View
from core.parsers.videos import opened
from core.sandbox.contract import Request
from detectors.films.hashing import Hashing
from detectors.films.recording import Recording, rewind

_KEY = "film"


@dataclass(frozen=True, eq=False, slots=True)
class Passed:
    """timeline: of `detectors.films.parser`. hashes: of `detectors.film_hashes`, by seconds; empty where that film is
    hashed by keyframes.
    """

    timeline: View
    hashes: View


def passed(request: Request) -> Passed:
    """Of the film in the first blob. Raises CorruptMedia or LimitExceeded, for every parser that asks."""
    if _KEY not in request.kept:
        request.kept[_KEY] = _pass(request)
    found: Passed = request.kept[_KEY]
    return found


def _pass(request: Request) -> Passed:
    with opened(request) as film:
        recording, hashing = Recording(film), Hashing(film, request.limits)
        rewind(film)
        for frame in film.container.decode(film.stream):
            if not recording.sees(frame):
                break
            if hashing.exact:
                hashing.sees(frame)
        return Passed(recording.view(), hashing.view() if hashing.exact else View())
