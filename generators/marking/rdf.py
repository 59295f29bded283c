"""XMP packets that may be hostile, read into a tree and written again with the prefixes that they came with.

Knows XML namespaces and limits; what the properties mean is for `generators.marking.aigc`. Comments and processing
instructions, which carry no properties, are lost. Source: ISO 16684-1:2019, clause 7.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element, ParseError
from xml.sax.saxutils import escape, quoteattr

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from core.parsers.metadata.bounds import MAX_BLOCK

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_XML = "http://www.w3.org/XML/1998/namespace"
_MAX_DEPTH = 64  # real packets nest some ten deep
_MAX_NODES = 20_000  # elements and attributes
_MAX_NAMESPACES = 256  # declarations, repeated ones included
_HEAD = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
_TAIL = '<?xpacket end="w"?>'
_EMPTY = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{RDF}"></rdf:RDF></x:xmpmeta>'.encode()


@dataclass(slots=True)
class Packet:
    """A packet's tree. rdf: the element that holds descriptions. prefixes: by namespace."""

    root: Element
    rdf: Element
    prefixes: dict[str, str] = field(default_factory=dict)

    def declare(self, namespace: str, prefix: str, *, always: bool = False) -> None:
        """Gives `namespace` a prefix unless it has one: `prefix`, or another one where that is taken.

        always: it gets `prefix` in any case, as readers who know no namespaces expect; whoever had it gets another.
        """
        if namespace in self.prefixes and not always:
            return
        holder = next((uri for uri, taken in self.prefixes.items() if taken == prefix), None)
        if always and holder not in (None, namespace):
            self.prefixes[str(holder)] = self._free_prefix()
        self.prefixes[namespace] = prefix if prefix and (always or holder is None) else self._free_prefix()

    def _free_prefix(self) -> str:
        taken = set(self.prefixes.values())
        return next(name for number in range(len(taken) + 1) if (name := f"ns{number}") not in taken)

    def encode(self) -> bytes:
        """The packet in UTF-8, every namespace declared on its root."""
        names = "".join(f" xmlns:{prefix}={quoteattr(uri)}" for uri, prefix in self.prefixes.items())
        return (_HEAD + "".join(self._write(self.root, names)) + _TAIL).encode()

    def _write(self, element: Element, declarations: str = "") -> Iterator[str]:
        name = self._name(element.tag)
        attributes = "".join(f" {self._name(key)}={quoteattr(value)}" for key, value in element.attrib.items())
        yield f"<{name}{declarations}{attributes}>"
        yield _plain(element.text)
        for child in element:
            yield from self._write(child)
            yield _plain(child.tail)
        yield f"</{name}>"

    def _name(self, tag: str) -> str:
        namespace, _, local = tag.rpartition("}")
        if not namespace:
            return local
        return f"xml:{local}" if namespace[1:] == _XML else f"{self.prefixes[namespace[1:]]}:{local}"


def read(packet: bytes) -> Packet:
    """The packet's tree; an empty one for what cannot be read: no XML or RDF, a DTD, entities, too large, too deep."""
    try:
        return _parse(packet.strip(b"\x00 \r\n\t"))
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        return _parse(_EMPTY)


def _parse(data: bytes) -> Packet:
    if len(data) > MAX_BLOCK:
        raise ValueError("the packet is too large")
    prefixes: list[tuple[str, str]] = []
    root: Element | None = None
    depth = nodes = 0
    for event, value in iterparse(io.BytesIO(data), events=("start", "end", "start-ns"), forbid_dtd=True):
        if event == "start-ns":
            prefixes.append(value)
        elif event == "end":
            depth -= 1
        else:
            root = value if root is None else root
            depth, nodes = depth + 1, nodes + 1 + len(value.attrib)
        if depth > _MAX_DEPTH or nodes > _MAX_NODES or len(prefixes) > _MAX_NAMESPACES:
            raise ValueError("the packet holds too much")
    if root is None:
        raise ValueError("the packet is empty")
    packet = Packet(root, _rdf(root))
    for prefix, namespace in prefixes:
        if namespace:  # xmlns="" takes a namespace away; written here, names without one have no prefix
            packet.declare(namespace, prefix)
    return packet


def _rdf(root: Element) -> Element:
    found = next(root.iter(f"{{{RDF}}}RDF"), None)
    if found is None:
        raise ValueError("the packet holds no RDF")
    return found


def _plain(text: str | None) -> str:
    return escape(text or "", {"\r": "&#13;"})
