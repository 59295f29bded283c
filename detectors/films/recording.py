"""A film's timeline as its pictures pass: every one of them, small and grey, and what packets tell. Judges nothing.

Packets are read to the end; pictures are taken one after the other from the start, because an edit shows between
neighbours, until BUDGET or MOST is reached. Both depend on the file alone, so that the same file always gives the same
timeline.
"""

from __future__ import annotations

import numpy as np
from av.video.frame import VideoFrame

from core.media import Pixels, View
from core.parsers.track import unit_of
from core.parsers.videos import Film

SIDE = 128
MOST = 1500
"""Pictures of one film that are decoded: a minute at 25 a second, 14 MB."""
BUDGET = 500_000_000
"""Pixels that may be decoded: 10 seconds of 1080p at 24 a second, a minute and a half of 360p."""


class Recording:
    """Made before pictures are decoded: it reads the packets."""

    def __init__(self, film: Film) -> None:
        self._film = film
        self._times, self._keyframes = _packets(film)
        self._most, self._budget = MOST, BUDGET
        context = film.stream.codec_context
        scale = min(1.0, SIDE / max(context.width, context.height))
        self._size = max(1, round(context.width * scale)), max(1, round(context.height * scale))
        self._shown: list[float] = []
        self._pictures: list[Pixels] = []

    def sees(self, frame: VideoFrame) -> bool:
        """The next picture of the film, decoded from its beginning; whether another is wanted once this was in time.

        What is decoded counts as it is, whatever size the file declares and whether or not it is shown. Damaged ones
        are left out.
        """
        self._budget -= frame.width * frame.height
        if self._budget < 0 or self._most == 0:
            return False
        if frame.pts is None or frame.pts < self._film.track.times[0] or frame.is_corrupt:
            return True
        self._most -= 1
        self._shown.append(_seconds(self._film, frame.pts))
        self._pictures.append(_grey(frame, self._size))
        return True

    def view(self) -> View:
        """As `detectors.films.parser` tells it."""
        arrays = {
            "times": self._times,
            "keyframes": self._keyframes,
            "shown": np.array(self._shown, np.float64),
            "pictures": np.stack(self._pictures) if self._pictures else np.empty((0, 1, 1), np.uint8),
        }
        return View({}, arrays)


def rewind(film: Film) -> None:
    """To the picture that is shown first, or the keyframe before it."""
    film.container.seek(film.track.times[0], stream=film.stream, backward=True)


def _packets(film: Film) -> tuple[np.ndarray[tuple[int], np.dtype[np.generic]], ...]:
    """Times and keyframes of the pictures that are shown."""
    rewind(film)
    found = []
    for packet in film.container.demux(film.stream):
        time = packet.pts if packet.pts is not None else packet.dts
        if time is not None and packet.size and not packet.is_discard:
            found.append((_seconds(film, time), packet.is_keyframe))
    times, keyframes = zip(*sorted(found), strict=True)
    return np.array(times, np.float64), np.array(keyframes, np.uint8)


def _grey(frame: VideoFrame, size: tuple[int, int]) -> Pixels:
    return np.asarray(frame.reformat(*size, format="gray", interpolation="AREA").to_ndarray(), np.uint8)


def _seconds(film: Film, time: int) -> float:
    return float((time - film.track.times[0]) * unit_of(film.stream))
