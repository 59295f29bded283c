"""XMP that gets our declarations: the rest stays, the same again changes nothing, and hostile packets end here."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.aigc import NAMESPACE, Aigc, parse
from core.encoding import encode_image
from core.media import Frame
from core.parsers import tags
from core.parsers.metadata import xmp
from generators.marking.aigc import JPEG_LIMIT, aigc_packet
from generators.marking.rdf import RDF

OURS = Aigc("1", "acme", "log.example/7", "r1")
PASSED = Aigc("3", content_propagator="acme", propagate_id="log.example/8", reserved_code_2="r2")
MADE = "trainedAlgorithmicMedia"
TERMS = "http://cv.iptc.org/newscodes/digitalsourcetype/"
SPACES = ["http://purl.org/dc/elements/1.1/", "http://ns.adobe.com/xap/1.0/", "urn:mine", 'urn:o"dd&<']
NAMES = st.sampled_from(["title", "Label", "AIGC", "CreatorTool", "x-y.z"])
VALUES = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"), max_size=12
)
PROPERTIES = st.lists(st.tuples(st.sampled_from(SPACES), NAMES, VALUES, st.booleans()), max_size=6)


def packet(properties: list[tuple[str, str, str, bool]], about: str = "") -> bytes:
    """A packet with properties as elements or attributes, as ElementTree writes them: with prefixes ns0, ns1, …"""
    root = ElementTree.Element("{adobe:ns:meta/}xmpmeta")
    holder = ElementTree.SubElement(root, f"{{{RDF}}}RDF")
    description = ElementTree.SubElement(holder, f"{{{RDF}}}Description", {f"{{{RDF}}}about": about})
    for space, name, value, is_element in properties:
        if is_element:
            ElementTree.SubElement(description, f"{{{space}}}{name}").text = value
        else:
            description.set(f"{{{space}}}{name}", value)
    return ElementTree.tostring(root)


def wrapped(inside: str) -> bytes:
    """A packet around descriptions, with the usual prefixes."""
    spaces = f'xmlns:rdf="{RDF}" xmlns:g="{NAMESPACE}" xmlns:e="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
    return f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF {spaces}>{inside}</rdf:RDF></x:xmpmeta>'.encode()


def statements(data: bytes) -> list[tuple[str, str]]:
    """Namespace and name, and text, of every property, by a parser that is not ours."""
    found = []
    for description in ElementTree.fromstring(data).iter(f"{{{RDF}}}Description"):  # noqa: S314 - made by us
        found += [(key, value) for key, value in description.attrib.items() if not key.startswith(f"{{{RDF}}}")]
        found += [(element.tag, element.text or "") for element in description]
    return found


def declarations(data: bytes) -> list[Aigc | None]:
    return [parse(value) for key, value in statements(data) if key == f"{{{NAMESPACE}}}AIGC"]


def source_types(data: bytes) -> list[str]:
    return [value.removeprefix(TERMS) for key, value in statements(data) if key.endswith("}DigitalSourceType")]


@settings(max_examples=80, deadline=None)
@given(PROPERTIES, st.sampled_from(["", "uuid:1"]), st.booleans())
def test_merging_keeps_what_is_not_ours_and_the_same_again_changes_nothing(
    properties: list[tuple[str, str, str, bool]], about: str, passed_on: bool
) -> None:
    before = packet(properties, about)
    once = aigc_packet(before, OURS, MADE, passed_on=passed_on)
    assert aigc_packet(once, OURS, MADE, passed_on=passed_on) == once
    foreign = statements(before)
    assert statements(once)[: len(foreign)] == foreign
    assert declarations(once) == [OURS]
    assert source_types(once) == [MADE]
    abouts = {each.get(f"{{{RDF}}}about") for each in ElementTree.fromstring(once).iter(f"{{{RDF}}}Description")}  # noqa: S314
    assert abouts <= ({about} if properties else {about, ""})


def test_structures_languages_and_prefixes_survive() -> None:
    inside = (
        '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:s="urn:s" s:line="a&#10;b">'
        '<dc:title><rdf:Alt><rdf:li xml:lang="x-default">Über &lt;uns&gt;</rdf:li></rdf:Alt></dc:title>'
        '<s:more rdf:parseType="Resource"><s:deep>生</s:deep></s:more></rdf:Description>'
    )
    marked = aigc_packet(wrapped(inside), OURS, MADE)
    text = marked.decode()
    for part in ('s:line="a&#10;b"', '<rdf:li xml:lang="x-default">Über &lt;uns&gt;</rdf:li>', "<s:deep>生</s:deep>"):
        assert part in text
    assert "<TC260:AIGC>" in text  # readers who look for the words and not for the namespace find it
    names = [name for name, _ in xmp.properties(marked)]
    assert names == ["line", "title", "deep", "AIGC", "DigitalSourceType"]


@pytest.mark.parametrize(
    "earlier",
    [
        '<rdf:Description rdf:about=""><g:AIGC>{}</g:AIGC></rdf:Description>',
        "<rdf:Description rdf:about=\"\" g:AIGC='{}'/>",
        '<rdf:Description rdf:about=""><g:AIGC>{}</g:AIGC><g:AIGC>{}</g:AIGC></rdf:Description>',
    ],
)
def test_one_declaration_is_left_and_it_is_the_producers(earlier: str) -> None:
    theirs = Aigc("1", "other", "o-1", "seal", "spreader", "s-1", "x")
    data = wrapped(earlier.replace("{}", theirs.json()))
    assert declarations(aigc_packet(data, OURS)) == [OURS]
    assert declarations(aigc_packet(data, PASSED, passed_on=True)) == [
        Aigc("1", "other", "o-1", "seal", "acme", "log.example/8", "r2")
    ]
    assert declarations(aigc_packet(data, None, MADE)) == [theirs] * len(declarations(data))


def test_an_unreadable_earlier_declaration_gives_way() -> None:
    data = wrapped('<rdf:Description rdf:about=""><g:AIGC>{"Label":"9"</g:AIGC></rdf:Description>')
    assert declarations(aigc_packet(data, PASSED, passed_on=True)) == [PASSED]


@pytest.mark.parametrize(
    "earlier",
    [
        f"<rdf:Description><e:DigitalSourceType>{TERMS}digitalCapture</e:DigitalSourceType></rdf:Description>",
        f'<rdf:Description><e:DigitalSourceType rdf:resource="{TERMS}digitalCapture"/></rdf:Description>',
        f'<rdf:Description e:DigitalSourceType="{TERMS}digitalCapture"/>',
    ],
)
def test_an_earlier_source_type_stays_where_we_only_improved(earlier: str) -> None:
    assert source_types(aigc_packet(wrapped(earlier), None, MADE)) == [MADE]
    assert source_types(aigc_packet(wrapped(earlier), None, "algorithmicallyEnhanced", passed_on=True)) == [
        "digitalCapture"
    ]
    assert source_types(aigc_packet(b"", None, "algorithmicallyEnhanced", passed_on=True)) == [
        "algorithmicallyEnhanced"
    ]


BOMB = '<!DOCTYPE x [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    "hostile",
    [
        b"",
        b"\x00" * 20,
        b"<x:xmpmeta>",
        b"not xml",
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"/>',
        b"<rdf:RDF/>",
        BOMB.encode() + wrapped("<rdf:Description>&b;</rdf:Description>"),
        b'<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x">' + wrapped(""),
        b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>' + wrapped("&f;"),
        wrapped("<a>" * 200 + "</a>" * 200),
        b"<a>" * 100_000,
        wrapped("<rdf:Description/>" * 100_000),
        wrapped("<a/>" * 25_000),
        wrapped("<rdf:Description " + " ".join(f"a{number}=''" for number in range(25_000)) + "/>"),
        wrapped("".join(f'<a xmlns="u{number}"/>' for number in range(300))),
        b'<?xml version="1.0" encoding="no-such"?>' + wrapped(""),
        b'<?xml version="1.0" encoding="utf-7"?>' + wrapped(""),
    ],
)
def test_hostile_packets_are_replaced(hostile: bytes) -> None:
    assert aigc_packet(hostile, OURS, MADE) == aigc_packet(b"", OURS, MADE)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda inside: wrapped(inside)))
def test_whatever_comes_a_readable_packet_leaves(hostile: bytes) -> None:
    marked = aigc_packet(hostile, OURS, MADE)
    assert declarations(marked) == [OURS]
    assert aigc_packet(marked, OURS, MADE) == marked


def test_reserved_and_stolen_prefixes_do_no_harm() -> None:
    inside = (
        '<rdf:Description xmlns:TC260="urn:thief" xmlns:ns0="urn:zero" xmlns="urn:default" TC260:a="1" ns0:b="2">'
        '<c>3</c><d xmlns="urn:other">4</d></rdf:Description>'
    )
    marked = aigc_packet(wrapped(inside), OURS)
    wanted = [("{urn:thief}a", "1"), ("{urn:zero}b", "2"), ("{urn:default}c", "3"), ("{urn:other}d", "4")]
    assert statements(marked)[:4] == wanted
    assert b"<TC260:AIGC>" in marked
    assert aigc_packet(marked, OURS) == marked


def test_what_a_jpeg_cannot_hold_leaves_the_other_properties_behind() -> None:
    theirs = Aigc("2", "other")
    long = f"<g:AIGC>{theirs.json()}</g:AIGC><g:long>{'x' * 70_000}</g:long>"
    data = wrapped(f'<rdf:Description rdf:about="">{long}</rdf:Description>')
    assert len(aigc_packet(data, OURS, MADE)) > 70_000
    short = aigc_packet(data, PASSED, MADE, passed_on=True, limit=JPEG_LIMIT)
    assert len(short) < 2_000
    (kept,) = declarations(short)
    assert kept is not None
    assert (kept.content_producer, kept.content_propagator) == ("other", "acme")


@pytest.mark.parametrize("mime", ["image/jpeg", "image/png", "image/webp", "image/avif", "image/tiff"])
def test_our_own_reader_finds_it_in_every_format(mime: str) -> None:
    file = encode_image(Frame(np.full((32, 32, 3), 90, np.uint8)), mime, xmp=aigc_packet(b"", OURS, MADE))
    facts = tags.read(file, mime).facts
    assert facts["damaged"] == []
    assert json.loads(facts["xmp"]["AIGC"])["ContentProducer"] == "acme"
    assert facts["xmp"]["DigitalSourceType"] == TERMS + MADE


def test_a_namespace_that_is_taken_away_does_not_spoil_the_packet() -> None:
    inside = (
        '<rdf:Description xmlns="" rdf:about="" xmlns:dc="http://d/"><dc:t>x</dc:t><plain>y</plain></rdf:Description>'
    )
    found = dict(xmp.properties(aigc_packet(wrapped(inside), PASSED, MADE)))
    assert parse(found["AIGC"]) == PASSED
    assert found["DigitalSourceType"] == TERMS + MADE
    assert found["t"] == "x"


def test_no_declaration_hides_deeper_or_in_a_second_block() -> None:
    theirs = '<rdf:Description g:AIGC="{}"/>'
    nested = f'<rdf:Description><dc:a xmlns:dc="http://d/">{theirs}</dc:a></rdf:Description>'
    second = wrapped(nested).replace(b"</x:xmpmeta>", f"<rdf:RDF>{theirs}</rdf:RDF></x:xmpmeta>".encode())
    made = aigc_packet(second, OURS, MADE)
    assert made.count(b"AIGC=") == 0
    assert made.count(b":AIGC>") == 2  # ours, opened and closed
