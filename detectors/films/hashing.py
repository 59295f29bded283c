"""Which pictures of a film are hashed, and their PDQ hashes, as pictures pass. Judges nothing.

Pictures are brought to at most SIDE pixels a side first, which costs PDQ a bit or two and saves most of the time.
To show the picture of every second, nearly all pictures have to be decoded. Where that is more than BUDGET, each second
is hashed by the keyframe before it, which needs no other picture; both depend on the file alone, so that the hashes of
a file are always the same.
"""

from __future__ import annotations

from collections import deque
from math import ceil

import numpy as np
from av.video.frame import VideoFrame

from core.limits import Limits
from core.media import View
from core.parsers.track import Track, unit_of
from core.parsers.videos import Film, fitted, pictures, shrunk
from detectors.hashes.columns import BYTES
from detectors.pdq import Pdq, pdq

SIDE = 512
MOST = 600
"""Pictures of one film that are hashed; of a longer one they are further apart."""
BUDGET = 500_000_000
"""Pixels that may be decoded for the sake of exact seconds: 10 seconds of 1080p, a minute and a half of 360p."""


class Hashing:
    """Takes the pictures that are due out of those that pass, in order; what has not passed is fetched in the end."""

    def __init__(self, film: Film, limits: Limits) -> None:
        self._film, self._limits = film, limits
        self._spacing = max(1, ceil(film.track.seconds / MOST))
        due = _seconds(film.track, float(self._spacing / unit_of(film.stream)))
        self.exact = _cost(film) <= BUDGET
        self._due = deque(due if self.exact else _keyframes(film.track, due))
        self._size: tuple[int, int] | None = None
        self._found: list[tuple[float, Pdq]] = []

    def sees(self, frame: VideoFrame) -> None:
        """The next picture of the film, decoded from its beginning. Damaged ones are left out."""
        if not self._due or frame.pts is None or frame.pts < self._due[0]:
            return
        self._due.popleft()
        if not frame.is_corrupt:
            self._size = self._size or fitted(frame.width, frame.height, SIDE, self._limits)
            second = float((frame.pts - self._film.track.times[0]) * unit_of(self._film.stream))
            self._found.append((second, pdq(shrunk(frame, self._size))))

    def view(self) -> View:
        """As `detectors.film_hashes` tells it. Decodes what is still due."""
        rest = pictures(self._film, self._due, SIDE, self._limits, self._size)
        self._found += [(time, pdq(pixels)) for time, pixels in rest]
        self._due.clear()
        return View({"by": "seconds" if self.exact else "keyframes", "spacing": self._spacing}, _arrays(self._found))


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
