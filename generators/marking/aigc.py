"""Metadata that say who made a picture with a model, written into the XMP packet that the picture has.

Two properties: the declaration of GB 45438-2025, of which a file holds one only, and IPTC's DigitalSourceType. All
others stay. This module knows where the two stand; what they say is decided by its caller, and files are written by
`core.encoding`. Sources: TC260-PG-20257A; IPTC Photo Metadata Standard 2025.1; ISO 16684-1:2019.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from xml.etree.ElementTree import Element, SubElement

from core import aigc
from core.aigc import Aigc
from generators.marking import rdf

JPEG_LIMIT = 65_502
"""Bytes of XMP that one segment of a JPEG file holds (ISO 16684-3, 1.1.3)."""
_IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
_SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_DECLARATION = f"{{{aigc.NAMESPACE}}}{aigc.KEY}"
_SOURCE_TYPE = f"{{{_IPTC}}}DigitalSourceType"
_ABOUT = f"{{{rdf.RDF}}}about"


def aigc_packet(
    packet: bytes, declaration: Aigc | None, source_type: str = "", *, passed_on: bool = False, limit: int | None = None
) -> bytes:
    """`packet`, which may be empty or hostile, with our declaration and source type, and with its other properties.

    declaration, source_type: left as they were where None or "". source_type: the last path segment of an IPTC term.
    passed_on: the picture is somebody else's that we only passed on or improved; what an earlier producer declared, and
    an earlier source type, then stay, and we add ourselves as who spread it.
    limit: most bytes of the result; where it would be larger, the other properties are left out.
    """
    marked = _marked(rdf.read(packet), declaration, source_type, passed_on)
    if limit is not None and len(marked) > limit:
        earlier = _taken(rdf.read(packet).root, _DECLARATION)
        alone = _with_earlier(declaration, earlier) if declaration and passed_on else declaration
        return _marked(rdf.read(b""), alone, source_type, passed_on)
    return marked


def _marked(packet: rdf.Packet, declaration: Aigc | None, source_type: str, passed_on: bool) -> bytes:
    about = next((value for each in packet.rdf if (value := each.attrib.get(_ABOUT)) is not None), "")
    properties: list[tuple[str, str]] = []
    if declaration:
        earlier = _taken(packet.root, _DECLARATION)
        kept = _with_earlier(declaration, earlier) if passed_on else declaration
        properties.append((_DECLARATION, kept.json()))
    if source_type:
        term = next(iter(_taken(packet.root, _SOURCE_TYPE)), "") if passed_on else ""
        properties.append((_SOURCE_TYPE, term or _SOURCE_TYPES + source_type))
        if not passed_on:
            _taken(packet.root, _SOURCE_TYPE)
    _drop_empty(packet.rdf)
    if properties:
        packet.declare(rdf.RDF, "rdf")
        packet.declare(aigc.NAMESPACE, "TC260", always=True)
        packet.declare(_IPTC, "Iptc4xmpExt", always=True)
        description = SubElement(packet.rdf, f"{{{rdf.RDF}}}Description", {_ABOUT: about})
        for name, text in properties:
            SubElement(description, name).text = text
    return packet.encode()


def _with_earlier(ours: Aigc, earlier: list[str]) -> Aigc:
    """The producer's half of the first readable declaration, and our half as who spreads it."""
    found = next(filter(None, map(aigc.parse, earlier)), None)
    if found is None:
        return ours
    return replace(
        found,
        content_propagator=ours.content_propagator,
        propagate_id=ours.propagate_id,
        reserved_code_2=ours.reserved_code_2,
    )


def _taken(tree: Element, name: str) -> list[str]:
    """Removes every property `name`, wherever and whichever way it is written, and returns their texts."""
    return [text for element in list(tree.iter()) for text in _taken_from(element, name)]


def _taken_from(description: Element, name: str) -> Iterator[str]:
    if name in description.attrib:
        yield description.attrib.pop(name)
    found = description.findall(name)
    if found:
        description[:] = [element for element in description if element.tag != name]
    for element in found:
        yield element.attrib.get(f"{{{rdf.RDF}}}resource") or (element.text or "").strip()


def _drop_empty(tree: Element) -> None:
    tree[:] = [each for each in tree if len(each) or each.attrib.keys() - {_ABOUT} or (each.text or "").strip()]
