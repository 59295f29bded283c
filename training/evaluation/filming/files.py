"""Films as files: pictures encoded as H.264 in MP4 or VP9 in WebM, and read back. Knows no edits."""

from __future__ import annotations

import io
from dataclasses import dataclass

import av
import numpy as np
from av.video.stream import VideoStream

from core.media import Pixels


@dataclass(frozen=True, slots=True)
class Codec:
    """name: for people. encoder, container, options: as libav calls them. mime: of the file."""

    name: str
    encoder: str
    container: str
    mime: str
    options: tuple[tuple[str, str], ...]


H264 = Codec("H.264", "libx264", "mp4", "video/mp4", (("preset", "veryfast"),))
VP9 = Codec("VP9", "libvpx-vp9", "webm", "video/webm", (("b", "0"), ("deadline", "realtime"), ("cpu-used", "6")))


def encoded(pictures: Pixels, rate: int, crf: int, gop: int = 250, codec: Codec = H264) -> bytes:
    """A film of RGB pictures (n, h, w, 3), both sides even. crf: quality, of H.264 18 good to 38 poor."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=codec.container) as container:
        stream = container.add_stream(codec.encoder, rate=rate, options={"crf": str(crf), **dict(codec.options)})
        assert isinstance(stream, VideoStream)  # noqa: S101 - tells the type checker what the encoder is
        stream.height, stream.width = pictures.shape[1:3]
        stream.pix_fmt, stream.gop_size = "yuv420p", gop
        stream.codec_context.thread_count = 1
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return buffer.getvalue()


def decoded(film: bytes, most: int = 10_000) -> Pixels:
    """The first RGB pictures of a film of our own making, (n, h, w, 3)."""
    with av.open(io.BytesIO(film), "r") as container:
        frames = zip(container.decode(video=0), range(most), strict=False)
        return np.stack([frame.to_ndarray(format="rgb24") for frame, _ in frames])
