"""The `film_hashes` parser: PDQ hashes of a film's pictures, one a second, as vPDQ compares films by. Judges nothing.

It runs in the sandbox (`core.sandbox.contract`), because pictures of a whole film would be too many to bring out. Which
pictures they are, says `detectors.films.hashing`.

Facts: by ("seconds" or "keyframes"), spacing (seconds between two pictures that were asked for).
Arrays: hashes uint8 (n, 32), qualities uint8 (n,), 0 to 100, times float64 (n,), seconds. For a still picture: empty.
"""

from __future__ import annotations

import cv2

from core.limits import Limits
from core.media import View
from core.parsers.videos import opened, tiny
from core.sandbox.contract import Request
from detectors.films.hashing import Hashing
from detectors.films.passing import passed

PARSERS = {"film_hashes": "detectors.film_hashes:parse"}
"""For `Sandbox.start`, beside those of core."""


def parse(request: Request) -> View:
    """Hashes of the first blob. Raises CorruptMedia or LimitExceeded."""
    if not request.mime.startswith("video/"):
        return View()
    with opened(request) as film:
        hashing = Hashing(film, request.limits)
        if not hashing.exact:
            return hashing.view()  # keyframes need no other picture, and do not suffer from damage between them
    return passed(request).hashes


def warm() -> None:
    """Hashes a film, so that all libraries have loaded and measured what they want."""
    cv2.setNumThreads(1)
    parse(Request((tiny(),), "video/mp4", Limits()))
