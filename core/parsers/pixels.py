"""The decoded pictures of a file, for `core.sandbox.assembly`. Knows only which decoder a format has."""

from __future__ import annotations

from core.camera import RAW_FORMATS
from core.dicom.facts import MIME as DICOM
from core.media import View
from core.parsers import images, raws, videos
from core.parsers.dicom import picture as dicom
from core.sandbox.contract import Request


def parse(request: Request) -> View:
    """Pictures, size and format details of the first blob.

    Raises UnsupportedMedia, CorruptMedia or LimitExceeded.
    """
    if request.mime in RAW_FORMATS:
        return raws.parse(request)
    if request.mime == DICOM:
        return dicom.parse(request)
    parser = videos.parse if request.mime.startswith("video/") else images.parse
    return parser(request)


def warm() -> None:
    """Touches everything that the decoders load on first use."""
    images.warm()
    raws.warm()
    videos.warm()
    dicom.warm()
