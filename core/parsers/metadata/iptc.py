"""IPTC IIM records of a JPEG or TIFF as names and texts: the few that say who or what made the picture.

Source: IPTC-NAA Information Interchange Model 4.2, record 2.
"""

from __future__ import annotations

from collections.abc import Iterator

from PIL import ImageFile, IptcImagePlugin

NAMES = {
    (2, 5): "ObjectName",
    (2, 40): "SpecialInstructions",
    (2, 65): "OriginatingProgram",
    (2, 70): "ProgramVersion",
    (2, 80): "Byline",
    (2, 105): "Headline",
    (2, 110): "Credit",
    (2, 115): "Source",
    (2, 116): "CopyrightNotice",
    (2, 120): "Caption",
}


def records(image: ImageFile.ImageFile) -> Iterator[tuple[str, str]]:
    """Name and text of each known record; of a repeated one, the first."""
    info = IptcImagePlugin.getiptcinfo(image) or {}
    for tag, name in NAMES.items():
        value = info.get(tag)
        first = value[0] if isinstance(value, list) and value else value
        if isinstance(first, bytes):
            yield name, first.decode("utf-8", "replace")
