"""Tags of a video container and its streams, through FFmpeg. Knows no codec: nothing is decoded."""

from __future__ import annotations

import io
from collections.abc import Iterator

import av


class Unreadable(ValueError):
    """FFmpeg does not open the container."""


def tags(data: bytes) -> Iterator[tuple[str, str]]:
    """Name and value of each tag: the container's as they are called, a stream's as "video.encoder".

    Raises Unreadable.
    """
    try:
        with av.open(io.BytesIO(data), metadata_errors="replace") as container:
            found = list(container.metadata.items())
            for stream in container.streams:
                found += [(f"{stream.type}.{key}", value) for key, value in stream.metadata.items()]
    except (av.error.FFmpegError, ValueError, OSError) as error:
        raise Unreadable(type(error).__name__) from error
    yield from found
