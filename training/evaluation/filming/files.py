"""Films as files: pictures encoded as H.264 in MP4, and read back. Knows no edits."""

from __future__ import annotations

import io

import av
import numpy as np
from av.video.stream import VideoStream

from core.media import Pixels


def encoded(pictures: Pixels, rate: int, crf: int, gop: int = 250) -> bytes:
    """An MP4 with RGB pictures (n, h, w, 3), both sides even. crf: H.264's quality, 18 good to 38 poor."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=rate, options={"crf": str(crf), "preset": "veryfast"})
        assert isinstance(stream, VideoStream)  # noqa: S101 - tells the type checker what libx264 is
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
