"""What is left out of a private picture's metadata, and what stays."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image

from generators.privacy import private, told_by, without_places, without_traces
from tests.generators.pictures import media, photo

SERIALS = ("SN-4711", "LENS-0815")
XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description rdf:about="" xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    b' xmlns:aux="http://ns.adobe.com/exif/1.0/aux/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"'
    b' xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
    b' exif:GPSLatitude="52,31.2N" aux:SerialNumber="SN-4711" photoshop:City="Berlin" photoshop:Credit="An agency">'
    b"<aux:LensSerialNumber>LENS-0815</aux:LensSerialNumber><exif:GPSLongitude>13,24.3E</exif:GPSLongitude>"
    b"<dc:creator><rdf:Seq><rdf:li>Ada</rdf:li></rdf:Seq></dc:creator>"
    b"<Iptc4xmpExt:LocationCreated><rdf:Bag><rdf:li><rdf:Description><Iptc4xmpExt:City>Berlin</Iptc4xmpExt:City>"
    b"</rdf:Description></rdf:li></rdf:Bag></Iptc4xmpExt:LocationCreated>"
    b"</rdf:Description></rdf:RDF></x:xmpmeta>"
)


def exif() -> bytes:
    made = Image.Exif()
    made[ExifTags.Base.Make], made[ExifTags.Base.Artist], made[ExifTags.Base.Orientation] = "Acme", "Ada", 6
    made[ExifTags.Base.HostComputer] = "Ada's laptop"
    made[ExifTags.IFD.GPSInfo] = {1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0)}
    made[ExifTags.IFD.Exif] = {
        ExifTags.Base.ISOSpeedRatings: 400,
        ExifTags.Base.MakerNote: b"note of SN-4711",
        ExifTags.Base.CameraOwnerName: "Ada Lovelace",
        ExifTags.Base.BodySerialNumber: SERIALS[0],
        ExifTags.Base.LensSerialNumber: SERIALS[1],
    }
    return made.tobytes()


def test_exif_keeps_the_photograph_and_loses_its_traces() -> None:
    kept, names = without_traces(exif())
    assert names == {
        *("BodySerialNumber", "CameraOwnerName", "GPSInfo", "HostComputer", "LensSerialNumber", "MakerNote"),
    }
    for trace in (*SERIALS, "Lovelace", "laptop"):
        assert trace.encode() not in kept
    read = Image.Exif()
    read.load(kept)
    assert (read[ExifTags.Base.Make], read[ExifTags.Base.Artist], read[ExifTags.Base.Orientation]) == ("Acme", "Ada", 6)
    assert read.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ISOSpeedRatings] == 400
    assert not read.get_ifd(ExifTags.IFD.GPSInfo)


def test_xmp_keeps_who_made_it_and_loses_where_and_by_which_device() -> None:
    kept, names = without_places(XMP)
    assert names == {"City", "GPSLatitude", "GPSLongitude", "LensSerialNumber", "LocationCreated", "SerialNumber"}
    for trace in (*SERIALS, "Berlin", "52,31", "13,24"):
        assert trace.encode() not in kept
    for rest in ("Ada", "An agency", "creator"):
        assert rest.encode() in kept
    assert without_places(kept) == (kept, set())


def test_what_tells_nothing_stays_to_the_byte() -> None:
    made = Image.Exif()
    made[ExifTags.Base.Make] = "Acme"
    packet = without_places(XMP)[0]
    source = media(photo("fig.jpg", 8, 8), tags={"exif": made.tobytes(), "xmp": packet, "icc": b"profile"})
    kept, names = private(source)
    assert names == ()
    for name, array in source.view("tags").arrays.items():
        assert kept.view("tags").arrays[name].tobytes() == array.tobytes()


def test_media_are_the_same_but_for_their_tags() -> None:
    source = media(photo("fig.jpg", 8, 8), tags={"exif": exif(), "xmp": XMP, "icc": b"profile"})
    kept, names = private(source)
    assert names == tuple(sorted(names))
    assert "GPSInfo" in names
    assert "City" in names
    assert kept.data is source.data
    assert kept.pictures is source.pictures
    assert kept.view("tags").arrays["icc"].tobytes() == b"profile"
    assert source.view("tags").arrays["exif"].tobytes() == exif()


@pytest.mark.parametrize("block", [b"Exif\x00\x00II*\x00\xff\xff\xff\x7f", b"nonsense", b"II*\x00"])
@pytest.mark.filterwarnings("ignore::UserWarning")  # by which Pillow tells of damaged EXIF
def test_a_block_that_cannot_be_read_tells_nothing(block: bytes) -> None:
    assert without_traces(block) == (b"", {"EXIF"})


@pytest.mark.parametrize("packet", [b"<x:xmpmeta", b"GPSLatitude=52", b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>"])
def test_a_packet_that_cannot_be_read_is_left_out_whole(packet: bytes) -> None:
    assert without_places(packet) == (b"", {"XMP"})


@given(st.binary(max_size=300))
def test_nothing_that_tells_is_left_of_any_packet(noise: bytes) -> None:
    kept, _ = without_places(XMP.replace(b"An agency", noise))
    assert b"SN-4711" not in kept
    assert b"GPSL" not in kept


def test_credentials_are_searched_for_what_they_tell() -> None:
    store = {"manifests": {"a": {"assertions": [{"label": "stds.exif", "data": {"exif:GPSLatitude": "52,31.2N"}}]}}}
    assert told_by(json.dumps(store)) == ("GPSLatitude",)
    assert told_by(json.dumps({"manifests": {"a": {"title": "GPS for beginners"}}})) == ()
    assert told_by("") == ()


def test_pixels_are_not_looked_at() -> None:
    source = media(photo("fig.jpg", 8, 8))
    kept, names = private(source)
    assert names == ()
    assert np.array_equal(kept.frames()[0].pixels, source.frames()[0].pixels)
