"""What the packets of a film tell before any picture is decoded, so that nothing rests on mere declarations.

Knows containers and times. Does not decode.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from av.container import InputContainer
from av.video.stream import VideoStream

from core.ebml import read_size, read_vint
from core.errors import CorruptMedia
from core.limits import Limits
from core.parsers.bounds import check_duration, check_frames

_SEGMENT = 0x18538067  # RFC 9559, section 5.1


@dataclass(frozen=True, slots=True)
class Track:
    """What a look at every packet told; presentation times in the stream's time base, ascending.

    times: of the pictures that are shown. keyframes: of those from which decoding can start, shown or not.
    """

    times: Sequence[int]
    keyframes: Sequence[int]
    seconds: float

    def spaced(self, count: int) -> list[int]:
        """The times of up to `count` pictures, each in the middle of an equal share of the film."""
        held = len(self.times)
        count = min(count, held)
        return [self.times[(2 * i + 1) * held // (2 * count)] for i in range(count)]

    def keyframe_before(self, time: int) -> int | None:
        """The time of the last keyframe that is not later."""
        at = bisect_right(self.keyframes, time)
        return self.keyframes[at - 1] if at else None


def scan(container: InputContainer, stream: VideoStream, limits: Limits) -> Track:
    """Reads every packet of the track, so that nothing later rests on what the container merely declares."""
    times: list[int] = []
    keyframes: list[int] = []
    end = 0
    for packet in container.demux(stream):
        time = packet.pts if packet.pts is not None else packet.dts
        if time is None or packet.size == 0:
            continue
        if packet.is_corrupt:
            raise CorruptMedia("the film ends in the middle of a picture", field="media")
        check_frames(len(times) + 1, limits)
        if packet.is_keyframe:
            keyframes.append(time)
        if not packet.is_discard:  # cut away by an edit list, and there only for others to be decoded from
            times.append(time)
            end = max(end, time + (packet.duration or 0))
    if not times:
        raise CorruptMedia("the film holds no picture", field="media", limit="1", found="0")
    seconds = float((end - min(times)) * unit_of(stream))
    check_duration(seconds, limits)
    return Track(sorted(times), sorted(keyframes), seconds)


def unit_of(stream: VideoStream) -> Fraction:
    """Seconds in one step of the stream's times."""
    return stream.time_base or Fraction(0)


def check_segment(data: bytes) -> None:
    """Raises CorruptMedia for a WebM file that ends before its segment does, over which libav says nothing."""
    size, at = read_vint(data, 4, keep_marker=False)  # of the EBML header, whose identifier has 4 bytes
    identifier, at = read_vint(data, at + size, keep_marker=True)
    length, at = read_size(data, at)
    if identifier == _SEGMENT and length is not None and at + length > len(data):
        raise CorruptMedia(
            "the film ends early", field="media", limit=f"{at + length} bytes", found=f"{len(data)} bytes"
        )
