"""The decoded pictures of a file, for `core.sandbox.assembly`. Knows only which decoder a format has."""

from __future__ import annotations

from core.media import View
from core.parsers import images, videos
from core.sandbox.contract import Request


def parse(request: Request) -> View:
    """Pictures, size and format details of the first blob.

    Raises UnsupportedMedia, CorruptMedia or LimitExceeded.
    """
    parser = videos.parse if request.mime.startswith("video/") else images.parse
    return parser(request)


def warm() -> None:
    """Touches everything that the decoders load on first use."""
    images.warm()
    videos.warm()
