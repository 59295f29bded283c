"""What a photograph tells of its maker besides what it shows: where it was taken, by which device, and whose that is.

    EXIF   GPS, serial numbers of body and lens, the owner's name, maker notes, the computer's name
    XMP    the same properties, and places in words

Who made the picture and who holds its rights stays: that is said to be known. The blocks are those that the sandbox's
`tags` parser wrote; this module takes parts out of them and adds nothing. It does not know what credentials say.
Sources: CIPA DC-008 (Exif 3.0); ISO 16684-2 and the IPTC Photo Metadata Standard 2025.1 for the names in XMP.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, MutableMapping
from dataclasses import replace
from typing import Any
from xml.etree.ElementTree import Element

import numpy as np
from PIL import ExifTags, Image

from core.media import Media
from core.parsers.metadata.exif import without_thumbnail
from generators.marking import rdf

_EXIF = ExifTags.IFD.Exif
_FIRST = {int(ExifTags.IFD.GPSInfo): "GPSInfo", 316: "HostComputer", 50735: "CameraSerialNumber"}
_INSIDE = {37500: "MakerNote", 42032: "CameraOwnerName", 42033: "BodySerialNumber", 42037: "LensSerialNumber"}
_NAMES = frozenset(
    {
        *("SerialNumber", "BodySerialNumber", "LensSerialNumber", "InternalSerialNumber", "CameraSerialNumber"),
        *("OwnerName", "CameraOwnerName", "MakerNote", "HostComputer"),
        *("LocationCreated", "Location", "Sublocation", "City", "State", "ProvinceState", "Country", "CountryCode"),
        *("CountryName", "WorldRegion"),
    }
)
"""Local names in XMP, whichever namespace they stand in."""
_GPS = "GPS"
_WHOLE_EXIF, _WHOLE_XMP = "EXIF", "XMP"
# What Pillow raises on a block that it cannot read after all.
_DAMAGE = (OSError, ValueError, LookupError, TypeError, AttributeError, SyntaxError, struct.error, OverflowError)


def private(media: Media) -> tuple[Media, tuple[str, ...]]:
    """`media` whose metadata hold none of it, and the names of what was left out, in alphabetical order.

    A block that cannot be read is left out whole, by the name "EXIF" or "XMP".
    """
    view = media.view("tags")
    arrays, left_out = dict(view.arrays), set[str]()
    for name, clean in (("exif", without_traces), ("xmp", without_places)):
        if name in arrays:
            kept, names = clean(arrays[name].tobytes())
            left_out |= names
            arrays[name] = np.frombuffer(kept, np.uint8)
    views = {**media.views, "tags": replace(view, arrays=arrays)}
    return replace(media, views=views), tuple(sorted(left_out))


def without_traces(block: bytes) -> tuple[bytes, set[str]]:
    """An EXIF block, written anew of what could be read in it, and the names of what was taken out."""
    found = Image.Exif()
    try:
        found.load(block)
        names = {_FIRST[tag] for tag in _FIRST if found.get(tag)}
        for tag in _FIRST:
            found.pop(tag, None)
        inside: MutableMapping[int, Any] = found.get_ifd(_EXIF)
        names |= {_INSIDE[tag] for tag in _INSIDE if inside.pop(tag, None)}
        kept = without_thumbnail(found)
    except _DAMAGE:
        return b"", {_WHOLE_EXIF}
    return kept, names or (set() if kept else {_WHOLE_EXIF})


def without_places(block: bytes) -> tuple[bytes, set[str]]:
    """An XMP packet and the local names of the properties that were taken out of it."""
    packet = rdf.read(block)
    if not len(packet.rdf):
        return b"", ({_WHOLE_XMP} if block.strip() else set())
    names = set(_taken(packet.root))
    return (packet.encode(), names) if names else (block, names)


def told_by(store: str) -> tuple[str, ...]:
    """Names of such properties in the JSON of a manifest store, "" for none, in alphabetical order."""
    return tuple(sorted(set(_keys(json.loads(store))))) if store else ()


def _taken(element: Element) -> Iterator[str]:
    """Takes out what tells, and names it."""
    for key in [key for key in element.attrib if _tells(key)]:
        del element.attrib[key]
        yield _local(key)
    for child in list(element):
        if _tells(child.tag):
            element.remove(child)
            yield _local(child.tag)
        else:
            yield from _taken(child)


def _keys(value: Any) -> Iterator[str]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inside in items:
        if isinstance(key, str) and _tells(key):
            yield _local(key)
        else:
            yield from _keys(inside)


def _tells(name: str) -> bool:
    local = _local(name)
    return local in _NAMES or local.startswith(_GPS)


def _local(name: str) -> str:
    """The name without its namespace, which stands before it as {uri} or prefix:."""
    return name.rpartition("}")[2].rpartition(":")[2]
