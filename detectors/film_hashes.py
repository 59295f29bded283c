"""The `film_hashes` parser: PDQ hashes of a film's pictures, one a second, as vPDQ compares films by. Judges nothing.

It runs in the sandbox (`core.sandbox.contract`), because pictures of a whole film would be too many to bring out.
Pictures are brought to at most 512 pixels a side first, which costs PDQ a bit or two and saves most of the time.

To show the picture of every second, nearly all pictures have to be decoded. Where that is more than BUDGET, each second
is hashed by the keyframe before it, which needs no other picture; both depend on the file alone, so that the hashes of
a file are always the same.

Facts: by ("seconds" or "keyframes"), spacing (seconds between two pictures that were asked for).
Arrays: hashes uint8 (n, 32), qualities uint8 (n,), 0 to 100, times float64 (n,), seconds. For a still picture: empty.
"""

from __future__ import annotations

from math import ceil

import cv2
import numpy as np

from core.limits import Limits
from core.media import View
from core.parsers.track import Track, unit_of
from core.parsers.videos import Film, opened, pictures, tiny
from core.sandbox.contract import Request
from detectors.hashes.columns import BYTES
from detectors.pdq import Pdq, pdq

PARSERS = {"film_hashes": "detectors.film_hashes:parse"}
"""For `Sandbox.start`, beside those of core."""
SIDE = 512
MOST = 600
"""Pictures of one film that are hashed; of a longer one they are further apart."""
BUDGET = 500_000_000
"""Pixels that may be decoded for the sake of exact seconds: 10 seconds of 1080p, a minute and a half of 360p."""


def parse(request: Request) -> View:
    """Hashes of the first blob. Raises CorruptMedia or LimitExceeded."""
    if not request.mime.startswith("video/"):
        return View()
    with opened(request) as film:
        spacing = max(1, ceil(film.track.seconds / MOST))
        targets = _seconds(film.track, float(spacing / unit_of(film.stream)))
        exact = _cost(film) <= BUDGET
        if not exact:
            targets = _keyframes(film.track, targets)
        found = [(time, pdq(pixels)) for time, pixels in pictures(film, targets, SIDE, request.limits)]
    return View({"by": "seconds" if exact else "keyframes", "spacing": spacing}, _arrays(found))


def warm() -> None:
    """Hashes a film, so that all libraries have loaded and measured what they want."""
    cv2.setNumThreads(1)
    parse(Request((tiny(),), "video/mp4", Limits()))


def _seconds(track: Track, step: float) -> list[int]:
    """The picture that is shown at each step from the first on; `step` in the track's unit."""
    times = np.asarray(track.times, np.int64)
    wanted = times[0] + np.arange(MOST) * step
    at = np.searchsorted(times, wanted[wanted <= times[-1]], "right") - 1
    return [int(time) for time in np.unique(times[at])]


def _keyframes(track: Track, targets: list[int]) -> list[int]:
    """The keyframe before each, and the first picture where none is before it."""
    before = (track.keyframe_before(target) for target in targets)
    return sorted({track.times[0] if time is None else max(time, track.times[0]) for time in before})


def _cost(film: Film) -> int:
    context = film.stream.codec_context
    return len(film.track.times) * context.width * context.height


def _arrays(found: list[tuple[float, Pdq]]) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.generic]]]:
    raw = b"".join(bytes.fromhex(value.hex) for _, value in found)
    return {
        "hashes": np.frombuffer(raw, np.uint8).reshape(-1, BYTES),
        "qualities": np.array([value.quality for _, value in found], np.uint8),
        "times": np.array([time for time, _ in found], np.float64),
    }
