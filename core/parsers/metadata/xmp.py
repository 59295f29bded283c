"""An XMP packet as names and texts. Knows RDF just well enough to find properties by their local names.

Source: ISO 16684-1:2019 (XMP), IPTC Photo Metadata Standard 2025.1 for the names.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from core.parsers.metadata.bounds import MAX_BLOCK

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_OPEN, _CLOSE = b"<x:xmpmeta", b"</x:xmpmeta>"
_SEARCHED = 4 * 1024 * 1024


class Unreadable(ValueError):
    """The packet is no XML, or carries a DTD or entities."""


def find(data: bytes) -> bytes:
    """The first XMP packet in the first or last 4 MiB of a file, for containers that Pillow does not unpack."""
    for part in (data[:_SEARCHED], data[-_SEARCHED:]):
        start = part.find(_OPEN)
        end = part.find(_CLOSE, start)
        if start >= 0 and end > start:
            return part[start : end + len(_CLOSE)]
    return b""


def properties(packet: bytes) -> Iterator[tuple[str, str]]:
    """Local name and text of every property in the packet; of several with one name, "name", "name.2", ….

    Raises Unreadable.
    """
    try:
        root = ElementTree.fromstring(packet[:MAX_BLOCK].strip(b"\x00 \r\n\t\xef\xbb\xbf"), forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise Unreadable(type(error).__name__) from error
    seen: dict[str, int] = {}
    for name, text in _walk(root):
        seen[name] = seen.get(name, 0) + 1
        yield (name if seen[name] == 1 else f"{name}.{seen[name]}"), text


def _walk(root: Element) -> Iterator[tuple[str, str]]:
    """Properties stand as attributes, as text, as rdf:resource, or as items of a bag under their element."""
    for element in root.iter():
        for key, value in element.attrib.items():
            if not key.startswith((RDF, "{http://www.w3.org/XML")) and key.startswith("{"):
                yield _local(key), value
        name = _local(element.tag)
        if resource := element.attrib.get(f"{RDF}resource"):
            yield name, resource
        if not element.tag.startswith(RDF):
            for text in _texts(element):
                yield name, text


def _texts(element: Element) -> Iterator[str]:
    if element.text and element.text.strip():
        yield element.text
    for container in element:
        if container.tag in (f"{RDF}Bag", f"{RDF}Seq", f"{RDF}Alt"):
            for item in container:
                if item.text and item.text.strip():
                    yield item.text


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
