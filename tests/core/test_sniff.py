"""A file is what its bytes say."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import UnsupportedMedia
from core.media import Kind
from core.sniff import FORMATS, sniff
from tests.core.files import FORMATS as SAMPLES
from tests.core.files import sample


def _ftyp(major: bytes, *compatible: bytes) -> bytes:
    body = b"ftyp" + major + b"\x00\x00\x00\x00" + b"".join(compatible)
    return (len(body) + 4).to_bytes(4, "big") + body


def _ebml(*elements: bytes) -> bytes:
    body = b"".join(elements)
    return b"\x1a\x45\xdf\xa3" + bytes([0x80 | len(body)]) + body


def _directory(order: str, make: bytes, *entries: tuple[int, int, int]) -> bytes:
    """A TIFF of one directory. entries: tag, type and value."""
    size = len(entries) + 1
    texts = 8 + 2 + 12 * size + 4
    rows = sorted([(tag, kind, 1, value) for tag, kind, value in entries] + [(271, 2, len(make) + 1, texts)])
    body = b"".join(
        struct.pack(order + ("HHIH2x" if kind == 3 else "HHII"), tag, kind, count, value)
        for tag, kind, count, value in rows
    )
    head = {"<": b"II*\x00", ">": b"MM\x00*"}[order] + struct.pack(order + "I", 8)
    return head + struct.pack(order + "H", size) + body + bytes(4) + make + b"\x00"


DOCTYPE = b"\x42\x82"
VERSION = b"\x42\x86\x81\x01"


CAMERAS = {
    "image/x-canon-cr2": b"II*\x00\x10\x00\x00\x00CR\x02\x00",
    "image/x-canon-cr3": _ftyp(b"crx ", b"crx ", b"isom"),
    "image/x-fuji-raf": b"FUJIFILMCCD-RAW 0201FF393103",
    "image/x-nikon-nef": _directory("<", b"NIKON CORPORATION", (254, 4, 1), (330, 4, 8)),
    "image/x-olympus-orf": b"IIRO\x08\x00\x00\x00",
    "image/x-panasonic-rw2": b"IIU\x00\x18\x00\x00\x00",
    "image/x-pentax-pef": _directory(">", b"PENTAX", (262, 3, 32803)),
    "image/x-sony-arw": _directory("<", b"SONY", (254, 4, 1), (330, 4, 8)),
}
"""How the files of makers begin; whole ones cannot be made here."""


def test_every_format_of_the_list_has_a_sample() -> None:
    assert set(SAMPLES) | set(CAMERAS) == set(FORMATS)


@pytest.mark.parametrize("mime", CAMERAS)
def test_cameras(mime: str) -> None:
    assert sniff(CAMERAS[mime]) == (Kind.IMAGE, mime)


@pytest.mark.parametrize(
    "data",
    [
        _directory("<", b"NIKON CORPORATION", (254, 4, 0), (330, 4, 8)),  # a whole picture with smaller ones
        _directory(">", b"NIKON CORPORATION", (262, 3, 2)),  # what a camera itself developed
        _directory("<", b"Acme", (254, 4, 1), (330, 4, 8)),
        _directory("<", b"SONY", (254, 4, 1), (330, 4, 8))[:20],
    ],
)
def test_a_tiff_is_no_raw_file_for_its_maker_alone(data: bytes) -> None:
    assert sniff(data)[1] == "image/tiff"


@pytest.mark.parametrize("mime", SAMPLES)
def test_real_files(mime: str) -> None:
    kind, sniffed = sniff(sample(mime))
    assert sniffed == mime
    assert kind == (Kind.VIDEO if mime.startswith("video/") else Kind.IMAGE)


@pytest.mark.parametrize(
    ("data", "mime"),
    [
        (b"\xff\xd8\xff\xe1", "image/jpeg"),
        (b"GIF87a", "image/gif"),
        (b"MM\x00*\x00\x00\x00\x08", "image/tiff"),
        (b"II+\x00\x08\x00\x00\x00", "image/tiff"),
        (_ftyp(b"avif", b"mif1", b"miaf"), "image/avif"),
        (_ftyp(b"avis", b"msf1"), "image/avif"),
        (_ftyp(b"mif1", b"miaf", b"avif"), "image/avif"),
        (_ftyp(b"heic", b"mif1", b"heic"), "image/heif"),
        (_ftyp(b"heix", b"avif"), "image/heif"),
        (_ftyp(b"mif1", b"heic"), "image/heif"),
        (_ftyp(b"isom", b"iso2", b"avc1", b"mp41"), "video/mp4"),
        (_ftyp(b"mp42", b"isom"), "video/mp4"),
        (_ftyp(b"XAVC", b"mp42"), "video/mp4"),
        (_ftyp(b"qt  "), "video/quicktime"),
        (_ftyp(b"qt  ", b"mp42"), "video/quicktime"),
        (b"\x00\x00\x00\x08wide\x00\x00\x00\x00mdat", "video/quicktime"),
        (_ebml(VERSION, DOCTYPE + b"\x84webm"), "video/webm"),
        (_ebml(DOCTYPE + b"\x85webm\x00"), "video/webm"),
    ],
)
def test_variants(data: bytes, mime: str) -> None:
    assert sniff(data)[1] == mime


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"", "an empty file"),
        (b"\x00" * 100, "00 00"),
        (b"\xff\xd8", "ff d8"),
        (b"\x89PNG\r\n\x1a", "89 50"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "3c 73"),
        (b"%PDF-1.7", "25 50"),
        (b"PK\x03\x04", "50 4b"),
        (b"BM is the beginning of a text", "42 4d"),
        (b"RIFF\x00\x00\x00\x00WAVE", "52 49"),
        (b"\xff\x0a", "ff 0a"),
        (_ftyp(b"hevc", b"heic"), "brand 'hevc'"),
        (_ftyp(b"msf1", b"hevc"), "brand 'msf1'"),
        (_ftyp(b"mif1", b"miaf"), "brand 'mif1'"),
        (_ftyp(b"M4A ", b"mp42", b"isom"), "brand 'M4A '"),
        (_ftyp(b"jxl "), "brand 'jxl '"),
        (_ftyp(b"3gp4"), "brand '3gp4'"),
        (b"\x00\x00\x00\x08ftyp", "brand ''"),
        (_ebml(VERSION, DOCTYPE + b"\x88matroska"), "'matroska'"),
        (_ebml(VERSION), "of type ''"),
        (_ebml(b"\x00" + DOCTYPE + b"\x84webm"), "of type ''"),
        (_ebml(b"\x42\x86\x9f", DOCTYPE + b"\x84webm"), "of type ''"),
        (b"\x1a\x45\xdf\xa3", "of type ''"),
    ],
)
def test_what_is_not_on_the_list(data: bytes, found: str) -> None:
    with pytest.raises(UnsupportedMedia) as failure:
        sniff(data)
    assert failure.value.field == "media"
    assert "image/jpeg" in failure.value.limit
    assert found in failure.value.found


BEGINNINGS = (*(sample(mime)[:40] for mime in SAMPLES), *CAMERAS.values())
STARTS = st.sampled_from([b"", *BEGINNINGS, _ftyp(b"isom"), b"\x1a\x45\xdf\xa3", b"RIFF"])


@given(STARTS, st.integers(0, 40), st.binary(max_size=60))
def test_any_bytes_are_on_the_list_or_refused(start: bytes, keep: int, rest: bytes) -> None:
    try:
        kind, mime = sniff(start[:keep] + rest)
    except UnsupportedMedia:
        return
    assert mime in FORMATS
    assert mime.startswith(f"{kind}/")
