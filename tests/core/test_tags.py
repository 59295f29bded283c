"""The tags parser: sections, bounds, damage, and the same facts inside the sandbox as outside."""

from __future__ import annotations

import io
import json
import struct
import time
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from core.parsers import tags
from core.parsers.metadata import bounds, diffusion, exif, png, xmp
from core.sandbox import Sandbox
from tests.core.files import film, save, scene

CAMERA = Path(__file__).parents[1] / "media" / "crocodile.jpg"
PACKET = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:CreatorTool="a tool">'
    b"<xmp:Label><rdf:Bag><rdf:li>one</rdf:li><rdf:li>two</rdf:li></rdf:Bag></xmp:Label>"
    b"</rdf:Description></rdf:RDF></x:xmpmeta>"
)


def picture() -> Image.Image:
    return Image.fromarray(scene())


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", len(body), kind) + body + struct.pack(">I", zlib.crc32(kind + body))


def test_exif_of_a_camera() -> None:
    view = tags.read(CAMERA.read_bytes(), "image/jpeg")
    assert view.error == ""
    assert view.facts["exif"]["Make"] == "NIKON CORPORATION"
    assert view.facts["exif"]["GPSInfo"] == "present"
    json.dumps(view.facts)


def test_kept_exif_has_no_thumbnail_and_keeps_the_camera() -> None:
    source = Image.Exif()
    source[0x010F], source[0x0112] = "a maker", 6
    thumbnail = save(picture().resize((16, 12)), "image/jpeg")
    ifd0 = source.tobytes()[6:]
    raw = _with_thumbnail(ifd0, thumbnail)
    view = tags.read(save(picture(), "image/jpeg", exif=b"Exif\x00\x00" + raw), "image/jpeg")
    kept = view.arrays["exif"].tobytes()
    again = Image.Exif()
    again.load(kept)
    assert dict(again) == {0x010F: "a maker", 0x0112: 6}
    assert thumbnail[:20] in raw
    assert thumbnail[:20] not in kept


def _with_thumbnail(ifd0: bytes, thumbnail: bytes) -> bytes:
    """The EXIF of Pillow with an IFD1 hung on it."""
    order = "<" if ifd0[:2] == b"II" else ">"
    (count,) = struct.unpack_from(order + "H", ifd0, 8)
    link = 8 + 2 + count * 12
    at = len(ifd0) + len(ifd0) % 2
    body = bytearray(ifd0.ljust(at, b"\x00"))
    struct.pack_into(order + "I", body, link, at)
    entries = struct.pack(order + "H", 2)
    entries += struct.pack(order + "HHII", 0x0201, 4, 1, at + 30) + struct.pack(
        order + "HHII", 0x0202, 4, 1, len(thumbnail)
    )
    return bytes(body) + entries + struct.pack(order + "I", 0) + thumbnail


def test_layout_of_a_tiff_is_not_kept() -> None:
    view = tags.read(save(picture(), "image/tiff", description="words", compression="tiff_lzw"), "image/tiff")
    kept = Image.Exif()
    kept.load(view.arrays["exif"].tobytes())
    assert kept.get(270) == "words"
    assert not {256, 257, 273, 279} & set(kept)


def test_png_text_before_and_behind_the_pixels() -> None:
    data = save(picture(), "image/png")
    body, end = data[:-12], data[-12:]
    body += chunk(b"tEXt", b"late\x00words")
    body += chunk(b"zTXt", b"packed\x00\x00" + zlib.compress(b"packed words"))
    body += chunk(b"iTXt", b"wide\x00\x00\x00en\x00\x00" + "wörds".encode())
    view = tags.read(body + end, "image/png")
    assert view.facts["text"] == {"late": "words", "packed": "packed words", "wide": "wörds"}


def test_a_text_bomb_is_cut() -> None:
    bomb = chunk(b"zTXt", b"bomb\x00\x00" + zlib.compress(b"x" * 50_000_000))
    data = save(picture(), "image/png")
    view = tags.read(data[:-12] + bomb + data[-12:], "image/png")
    assert len(view.facts["text"]["bomb"]) == bounds.MAX_VALUE
    assert view.facts["cut"] == ["text.bomb"]


def test_all_texts_together_are_bounded() -> None:
    info = PngImagePlugin.PngInfo()
    for index in range(300):
        info.add_text(f"key {index}", "y" * 10_000)
    view = tags.read(save(picture(), "image/png", pnginfo=info), "image/png")
    assert sum(len(text) for text in view.facts["text"].values()) <= bounds.MAX_TOTAL
    assert len(view.facts["text"]) <= bounds.MAX_ENTRIES
    assert view.facts["cut"]


@pytest.mark.parametrize("mime", ["image/jpeg", "image/png", "image/webp", "image/avif", "image/tiff"])
def test_xmp_of_every_container(mime: str) -> None:
    options: dict[str, dict[str, Any]] = {"image/png": {"pnginfo": _itxt()}, "image/tiff": {"tiffinfo": {700: PACKET}}}
    view = tags.read(save(picture(), mime, **options.get(mime, {"xmp": PACKET})), mime)
    assert view.facts["xmp"] == {"CreatorTool": "a tool", "Label": "one", "Label.2": "two"}
    assert view.arrays["xmp"].tobytes().strip(b"\x00") == PACKET


def _itxt() -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    info.add_itxt(png.XMP_KEYWORD, PACKET.decode())
    return info


@pytest.mark.parametrize(
    "packet",
    [
        b"<x:xmpmeta",
        b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>",
        b'<?xml version="1.0" encoding="nonsense"?><x/>',
        b"\xff\xfe<\x00",
    ],
)
def test_xmp_that_cannot_be_read_is_damage(packet: bytes) -> None:
    with pytest.raises(xmp.Unreadable):
        list(xmp.properties(packet))
    view = tags.read(save(picture(), "image/jpeg", xmp=packet), "image/jpeg")
    assert view.facts["damaged"] == ["xmp"]


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"ASCII\x00\x00\x00plain", "plain"),
        (b"UNICODE\x00" + "wörds".encode("utf-16-be"), "wörds"),
        (b"UNICODE\x00" + "words".encode("utf-16-le"), "words"),
        (b"JIS\x00\x00\x00\x00\x00" + "日本".encode("shift_jis"), "日本"),
        (bytes(8) + b"bare", "bare"),
        (b"no code at all", "no code at all"),
    ],
)
def test_user_comments_in_every_character_code(raw: bytes, text: str) -> None:
    assert exif.user_comment(raw) == text


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 3000), st.sampled_from(["image/jpeg", "image/png", "image/webp"]))
def test_bytes_changed_anywhere_never_raise(junk: bytes, at: int, mime: str) -> None:
    data = save(picture(), mime, exif=_some_exif())
    view = tags.read(data[:at] + junk + data[at + len(junk) :], mime)
    assert view.error or json.dumps(view.facts)


def _some_exif() -> Image.Exif:
    made = Image.Exif()
    made[0x010F], made[0x0131] = "a maker", "a program"
    return made


def test_a_truncated_png_ends_where_it_ends() -> None:
    data = save(picture(), "image/png")
    assert [list(png.texts(data[:cut])) for cut in range(8, len(data), 7)]


async def test_the_sandbox_reads_the_same(sandbox: Sandbox) -> None:
    comment = Image.Exif()
    comment[0x8769] = {0x9286: b"UNICODE\x00" + "wörds".encode("utf-16-le")}
    files = [
        (CAMERA.read_bytes(), "image/jpeg"),
        (save(picture(), "image/webp", exif=comment, xmp=PACKET), "image/webp"),
        (save(picture(), "image/avif", exif=comment), "image/avif"),
        (save(picture(), "image/png", pnginfo=_itxt()), "image/png"),
        (save(picture(), "image/tiff", description="words"), "image/tiff"),
        (save(picture(), "image/gif", comment=b"words"), "image/gif"),
        (film("video/mp4"), "video/mp4"),
    ]
    for data, mime in files:
        inside, outside = (await sandbox.open(data, ["tags"])).view("tags"), tags.read(data, mime)
        assert inside.error == ""
        assert inside.facts == outside.facts
        assert {k: v.tobytes() for k, v in inside.arrays.items()} == {k: v.tobytes() for k, v in outside.arrays.items()}


def test_what_is_no_picture_is_an_error() -> None:
    assert tags.read(b"nothing", "image/png").error
    assert tags.read(b"nothing", "video/mp4").facts["damaged"] == ["container"]
    assert tags.read(io.BytesIO().getvalue(), "image/jpeg").error


@pytest.mark.parametrize(
    ("text", "tool"),
    [
        ("Steps: 1 " * 110_000, None),
        ("p\nSteps: 20, Sampler: Euler, " + "Hashes: {" * 110_000, "automatic1111"),
        ("p\nSteps: 20, Sampler: Euler, " + "\n" * 1_000_000, "automatic1111"),
    ],
    ids=["no setting", "hashes", "empty lines"],
)
def test_a_long_record_takes_time_by_its_length_and_no_more(text: str, tool: str | None) -> None:
    began = time.process_time()
    found = diffusion.find({"parameters": text})
    assert (found and found.tool) == tool
    assert time.process_time() - began < 3
