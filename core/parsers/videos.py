"""Films by PyAV, from memory: a few evenly spaced pictures, made smaller, with facts about the track.

Limits hold against what the container declares, and again against what it really holds, before the first picture is
decoded. Sound is not listened to. This module does not read metadata.
"""

from __future__ import annotations

import errno
import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import av
import av.error
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from core.errors import CorruptMedia
from core.limits import Limits
from core.media import Pixels, View
from core.parsers.bounds import check_duration, check_frames, check_size
from core.parsers.track import Track, check_segment, scan, unit_of
from core.sandbox.contract import Request

_DEMUXERS = {"video/mp4": "mov", "video/quicktime": "mov", "video/webm": "matroska"}
# A container may name further files for libav to open, over protocols of this list; none is called "none".
_OPTIONS = {"protocol_whitelist": "none"}


def parse(request: Request) -> View:
    """Sampled pictures, in the form that `core.sandbox.assembly` describes, with facts about track and container.

    Raises CorruptMedia for a file without a decodable picture or one that ends early, and LimitExceeded.
    """
    limits = request.limits
    with opened(request) as film:
        facts = _facts(film.container, film.stream, film.track)
        frames = list(pictures(film, film.track.spaced(limits.sampled_frames), limits.sampled_side, limits))
    if not frames:
        raise CorruptMedia("no picture of the film can be decoded", field="media")
    times, shown = zip(*frames, strict=True)
    return View(facts, {"pixels": np.stack(shown), "times": np.array(times, dtype=np.float64)})


@dataclass(frozen=True, eq=False, slots=True)
class Film:
    """An open film whose every packet was looked at."""

    container: InputContainer
    stream: VideoStream
    track: Track


@contextmanager
def opened(request: Request) -> Iterator[Film]:
    """The film of the first blob, found to be within limits. What libav says of it becomes CorruptMedia."""
    limits = request.limits
    if request.mime == "video/webm":
        check_segment(request.blobs[0])
    with _libav_errors(), _open(request) as container:
        stream = _picture_track(container)
        context = stream.codec_context
        check_size(context.width, context.height, limits)
        _check_declared(container, stream, limits)
        track = scan(container, stream, limits)
        context.thread_count = 1
        context.options = {"max_pixels": str(limits.max_pixels)}  # the size may change in the middle of a film
        yield Film(container, stream, track)


def warm() -> None:
    """Decodes one picture, so that libav and its scaler have loaded and measured all they want."""
    parse(Request((tiny(),), "video/mp4", Limits()))


def tiny() -> bytes:
    """A film of one black picture, for parsers to warm up with."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=1)
        stream.width = stream.height = 16
        frame = VideoFrame.from_ndarray(np.zeros((16, 16, 3), np.uint8), format="rgb24")
        container.mux([*stream.encode(frame), *stream.encode(None)])
    return file.getvalue()


def _open(request: Request) -> InputContainer:
    return av.open(
        io.BytesIO(request.blobs[0]),
        "r",
        format=_DEMUXERS[request.mime],
        container_options=_OPTIONS,
        metadata_errors="replace",
    )


def _picture_track(container: InputContainer) -> VideoStream:
    """The first track of moving pictures; cover pictures are none."""
    for stream in container.streams.video:
        # A damaged sample table leaves a track without a decoder, whatever PyAV's annotations say.
        playable = getattr(stream, "codec_context", None) is not None
        if playable and not stream.disposition & av.stream.Disposition.attached_pic:
            return stream
    raise CorruptMedia("the film has no track of pictures", field="media")


def _check_declared(container: InputContainer, stream: VideoStream, limits: Limits) -> None:
    check_frames(stream.frames, limits)
    check_duration((container.duration or 0) / av.time_base, limits)


def pictures(
    film: Film, targets: Iterable[int], side: int, limits: Limits, size: tuple[int, int] | None = None
) -> Iterator[tuple[float, Pixels]]:
    """Second and pixels of the picture shown at each of `targets`, times of the track, ascending.

    side: the longest that a picture may have, in pixels. size: width and height of all, where they are known already;
    otherwise those of the first, made smaller. Goes back to a keyframe only where decoding on would take
    longer; ends where the film does, and leaves damaged pictures out.
    """
    decoded: Iterator[VideoFrame] = iter(())
    reached: int | None = None
    for target in targets:
        keyframe = film.track.keyframe_before(target)
        if reached is None or (keyframe is not None and keyframe > reached):
            film.container.seek(target, stream=film.stream, backward=True)
            decoded = film.container.decode(film.stream)
        frame = next((frame for frame in decoded if frame.pts is not None and frame.pts >= target), None)
        if frame is None:
            return
        reached = frame.pts or 0
        if not frame.is_corrupt:
            size = size or fitted(frame.width, frame.height, side, limits)
            yield float((reached - film.track.times[0]) * unit_of(film.stream)), shrunk(frame, size)


def fitted(width: int, height: int, side: int, limits: Limits) -> tuple[int, int]:
    """The size with its longest side at most `side`. Raises LimitExceeded for a picture that is too large."""
    check_size(width, height, limits)
    scale = min(1.0, side / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def shrunk(frame: VideoFrame, size: tuple[int, int]) -> Pixels:
    """A decoded picture in RGB, of `size` (width, height)."""
    pixels: Pixels = np.asarray(frame.reformat(*size, format="rgb24", interpolation="AREA").to_ndarray(), np.uint8)
    return pixels


def _facts(container: InputContainer, stream: VideoStream, track: Track) -> dict[str, Any]:
    context = stream.codec_context
    rate = stream.average_rate
    return {
        "format": container.format.name,
        "codec": context.name,
        "mode": context.pix_fmt or "",
        "width": context.width,
        "height": context.height,
        "duration": max(0.0, track.seconds),
        "declared_duration": (container.duration or 0) / av.time_base,
        "n_frames": len(track.times),
        "declared_frames": stream.frames,
        "keyframes": len(track.keyframes),
        "fps": float(rate) if rate else 0.0,
        "has_alpha": False,
        "has_sound": bool(container.streams.audio),
    }


@contextmanager
def _libav_errors() -> Iterator[None]:
    """The exceptions of PyAV as ours."""
    try:
        yield
    except (av.error.FFmpegError, ValueError, EOFError, OverflowError) as error:
        if isinstance(error, OSError) and error.errno == errno.ENOMEM:
            raise MemoryError from error
        raise CorruptMedia(f"the film cannot be decoded ({type(error).__name__})", field="media") from error
