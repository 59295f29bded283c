"""Small files that declare or unpack to much are refused before they cost anything."""

from __future__ import annotations

import asyncio
import io
import struct
import time
import zlib

import pytest
from PIL import Image

from core.errors import LimitExceeded
from core.limits import Limits
from core.parsers.catalog import PARSERS
from core.sandbox import Sandbox
from tests.core.files import film, png, png_chunk, sample, save, scene, zeros

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _refusal(sandbox: Sandbox, data: bytes) -> LimitExceeded:
    with pytest.raises(LimitExceeded) as failure:
        await asyncio.wait_for(sandbox.open(data), 15)
    return failure.value


def _gif(side: int) -> bytes:
    data = bytearray(sample("image/gif"))
    data[6:10] = struct.pack("<HH", side, side)
    return bytes(data)


def _bmp(side: int) -> bytes:
    data = bytearray(sample("image/bmp"))
    data[18:26] = struct.pack("<ii", side, side)
    return bytes(data)


def _webp(side: int) -> bytes:
    canvas = b"\x02\x00\x00\x00" + (side - 1).to_bytes(3, "little") * 2
    body = b"WEBPVP8X" + struct.pack("<I", 10) + canvas + b"ANIM" + struct.pack("<IIH", 6, 0, 0)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _tiff(side: int) -> bytes:
    entries = [(256, side), (257, side), (258, 8), (259, 1), (262, 1), (273, 8), (277, 1), (278, side), (279, 8)]
    body = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries)
    return b"II*\x00\x08\x00\x00\x00" + struct.pack("<H", len(entries)) + body + bytes(12)


@pytest.mark.parametrize(
    "data",
    [png(30_000, 30_000, idat=zeros(30_000 * 30_001 // 8)), _gif(30_000), _bmp(30_000), _webp(16_384), _tiff(30_000)],
    ids=["png", "gif", "bmp", "webp", "tiff"],
)
async def test_too_many_pixels_are_refused_by_the_header(sandbox: Sandbox, data: bytes) -> None:
    refusal = await _refusal(sandbox, data)
    assert refusal.field == "media.pixels"
    assert refusal.limit == str(Limits().max_pixels)
    assert int(refusal.found) >= 16_384**2


async def test_a_side_too_long(sandbox: Sandbox) -> None:
    refusal = await _refusal(sandbox, png(32_769, 1, idat=zeros(32_770)))
    assert (refusal.field, refusal.found) == ("media.side", "32769")


@pytest.mark.parametrize("name", [b"zTXt", b"iCCP"])
async def test_a_chunk_that_unpacks_to_much(sandbox: Sandbox, name: bytes) -> None:
    chunk = png_chunk(name, b"key\x00\x00" + zeros(100 << 20))
    assert (await _refusal(sandbox, png(4, 4, chunk, idat=zeros(20)))).field == "media.text"


async def test_many_chunks_that_unpack_to_much_together(sandbox: Sandbox) -> None:
    chunks = [png_chunk(b"zTXt", b"key%d\x00\x00" % number + zeros(15 << 20)) for number in range(5)]
    assert (await _refusal(sandbox, png(4, 4, *chunks, idat=zeros(20)))).field == "media.text"


async def test_pixels_beyond_the_last_row_are_not_unpacked(sandbox: Sandbox) -> None:
    packed = zeros(400 << 20)
    began = time.monotonic()
    zlib.decompress(packed)
    unpacked = time.monotonic() - began
    began = time.monotonic()
    media = await sandbox.open(png(8, 8, idat=packed))
    assert media.width == 8
    assert time.monotonic() - began < unpacked, "opening took as long as unpacking everything does"


def _animation(frames: int) -> bytes:
    empty = b"\x2c\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02\x44\x01\x00"
    return sample("image/gif")[:-1] + empty * (frames - 1) + b";"


def _looping_tiff() -> bytes:
    """A second directory that names the first as the next."""
    file = io.BytesIO()
    first = Image.fromarray(scene())
    first.save(file, "TIFF", save_all=True, append_images=[first])
    data = bytearray(file.getvalue())
    at = last = struct.unpack_from("<I", data, 4)[0]
    while at:
        last = at + 2 + 12 * struct.unpack_from("<H", data, at)[0]
        at = struct.unpack_from("<I", data, last)[0]
    struct.pack_into("<I", data, last, struct.unpack_from("<I", data, 4)[0])
    return bytes(data)


async def test_directories_that_go_in_circles(sandbox: Sandbox) -> None:
    media = await sandbox.open(_looping_tiff())
    assert media.view("pixels").facts["n_frames"] == 2


@pytest.mark.parametrize(
    ("limits", "field", "files"),
    [
        (Limits(max_frames=20), "media.frames", [_animation(21), film("video/mp4"), film("video/webm")]),
        (Limits(max_duration=2.0), "media.duration", [film("video/quicktime"), film("video/webm")]),
        (Limits(max_pixels=64 * 47), "media.pixels", [film("video/mp4"), sample("image/avif"), sample("image/jpeg")]),
        (Limits(max_side=63), "media.side", [film("video/webm"), sample("image/png")]),
    ],
    ids=["frames", "duration", "pixels", "side"],
)
async def test_every_limit(limits: Limits, field: str, files: list[bytes]) -> None:
    async with await Sandbox.start({"pixels": PARSERS["pixels"]}, limits, workers=1) as strict:
        for data in files:
            assert (await _refusal(strict, data)).field == field


async def test_the_limits_themselves_are_allowed() -> None:
    limits = Limits(max_pixels=64 * 48, max_side=64, max_frames=30, max_duration=3.0)
    async with await Sandbox.start({"pixels": PARSERS["pixels"]}, limits, workers=1) as exact:
        for data in (film("video/mp4"), film("video/webm"), save(Image.fromarray(scene()), "image/webp")):
            assert (await exact.open(data)).width == 64
