"""The `film_timeline` parser: every picture of a film, small and grey, and what its packets tell. Judges nothing.

It runs in the sandbox (`core.sandbox.contract`). Packets are read to the end; pictures are decoded one after the other
from the start, because an edit shows between neighbours, until BUDGET or MOST is reached. Both depend on the file
alone, so that the same file always gives the same timeline.

Arrays, of the n pictures that are shown, in that order: times float64 (n,), seconds from the first; keyframes uint8
(n,), 0 or 1. Of the m of them that were decoded: shown float64 (m,), seconds; pictures uint8 (m, h, w), grey, at most
SIDE pixels a side. For a still picture: empty. The packets' sizes are not brought out: at joins they told nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from av.video.frame import VideoFrame

from core.limits import Limits
from core.media import Pixels, View
from core.parsers.track import unit_of
from core.parsers.videos import Film, opened, tiny
from core.sandbox.contract import Request

PARSERS = {"film_timeline": "detectors.films.parser:parse"}
"""For `Sandbox.start`, beside those of core."""
SIDE = 128
MOST = 1500
"""Pictures of one film that are decoded: a minute at 25 a second, 14 MB."""
BUDGET = 500_000_000
"""Pixels that may be decoded: 10 seconds of 1080p at 24 a second, a minute and a half of 360p."""


def parse(request: Request) -> View:
    """The timeline of the first blob. Raises CorruptMedia or LimitExceeded."""
    if not request.mime.startswith("video/"):
        return View()
    with opened(request) as film:
        times, keyframes = _packets(film)
        decoded = list(_pictures(film))
    shown, pictures = zip(*decoded, strict=True) if decoded else ((), ())
    arrays = {
        "times": times,
        "keyframes": keyframes,
        "shown": np.array(shown, np.float64),
        "pictures": np.stack(pictures) if pictures else np.empty((0, 1, 1), np.uint8),
    }
    return View({}, arrays)


def warm() -> None:
    """Reads a film, so that all libraries have loaded and measured what they want."""
    cv2.setNumThreads(1)
    parse(Request((tiny(),), "video/mp4", Limits()))


def _packets(film: Film) -> tuple[np.ndarray[tuple[int], np.dtype[np.generic]], ...]:
    """Times and keyframes of the pictures that are shown."""
    _rewind(film)
    found = []
    for packet in film.container.demux(film.stream):
        time = packet.pts if packet.pts is not None else packet.dts
        if time is not None and packet.size and not packet.is_discard:
            found.append((_seconds(film, time), packet.is_keyframe))
    times, keyframes = zip(*sorted(found), strict=True)
    return np.array(times, np.float64), np.array(keyframes, np.uint8)


def _pictures(film: Film) -> Iterator[tuple[float, Pixels]]:
    """Second and pixels of the first pictures that are shown; damaged ones are left out. What is decoded counts as it
    is, whatever size the file declares and whether or not it is shown.
    """
    most, budget = MOST, BUDGET
    _rewind(film)
    context = film.stream.codec_context
    scale = min(1.0, SIDE / max(context.width, context.height))
    size = max(1, round(context.width * scale)), max(1, round(context.height * scale))
    for frame in film.container.decode(film.stream):
        budget -= frame.width * frame.height
        if budget < 0 or most == 0:
            return
        if frame.pts is None or frame.pts < film.track.times[0] or frame.is_corrupt:
            continue
        most -= 1
        yield _seconds(film, frame.pts), _grey(frame, size)


def _grey(frame: VideoFrame, size: tuple[int, int]) -> Pixels:
    return np.asarray(frame.reformat(*size, format="gray", interpolation="AREA").to_ndarray(), np.uint8)


def _rewind(film: Film) -> None:
    film.container.seek(film.track.times[0], stream=film.stream, backward=True)


def _seconds(film: Film, time: int) -> float:
    return float((time - film.track.times[0]) * unit_of(film.stream))
