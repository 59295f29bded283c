"""The `film_timeline` parser: every picture of a film, small and grey, and what its packets tell. Judges nothing.

It runs in the sandbox (`core.sandbox.contract`). How many pictures there are of a long film, says
`detectors.films.recording`.

Arrays, of the n pictures that are shown, in that order: times float64 (n,), seconds from the first; keyframes uint8
(n,), 0 or 1. Of the m of them that were decoded: shown float64 (m,), seconds; pictures uint8 (m, h, w), grey, at most
128 pixels a side. For a still picture: empty. The packets' sizes are not brought out: at joins they told nothing.
"""

from __future__ import annotations

import cv2

from core.limits import Limits
from core.media import View
from core.parsers.videos import tiny
from core.sandbox.contract import Request
from detectors.films.passing import passed

PARSERS = {"film_timeline": "detectors.films.parser:parse"}
"""For `Sandbox.start`, beside those of core."""


def parse(request: Request) -> View:
    """The timeline of the first blob. Raises CorruptMedia or LimitExceeded."""
    return passed(request).timeline if request.mime.startswith("video/") else View()


def warm() -> None:
    """Reads a film, so that all libraries have loaded and measured what they want."""
    cv2.setNumThreads(1)
    parse(Request((tiny(),), "video/mp4", Limits()))
