"""Damaged files are refused with a typed error, or decode to the whole picture; the sandbox lives on."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from core.errors import CorruptMedia, InvalidInput, LimitExceeded, UnsupportedMedia
from core.sandbox import Sandbox
from tests.core.files import FORMATS, WRITERS, png, png_chunk, sample, save, scene, zeros

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize("mime", FORMATS)
async def test_a_truncated_file_is_never_padded(sandbox: Sandbox, mime: str) -> None:
    whole = sample(mime)
    pictures = [frame.pixels for frame in (await sandbox.open(whole)).frames()]
    step = max(1, len(whole) // 60)
    refused = 0
    for size in itertools.chain(range(0, 40, 3), range(40, len(whole), step), range(len(whole) - 12, len(whole))):
        try:
            media = await sandbox.open(whole[:size])
        except (CorruptMedia, UnsupportedMedia):
            refused += 1
            continue
        assert all(np.array_equal(frame.pixels, full) for frame, full in zip(media.frames(), pictures, strict=True))
    assert refused > 60


async def test_a_large_truncated_jpeg(sandbox: Sandbox) -> None:
    whole = save(Image.fromarray(scene(640, 480)), "image/jpeg", progressive=True)
    for size in range(200, len(whole) - 1, len(whole) // 20):
        with pytest.raises(CorruptMedia):
            await sandbox.open(whole[:size])


@pytest.mark.parametrize(("label", "content"), [*itertools.permutations(["image/png", "image/jpeg", "image/gif"], 2)])
async def test_one_format_that_begins_like_another(sandbox: Sandbox, label: str, content: str) -> None:
    start = {"image/png": 8, "image/jpeg": 3, "image/gif": 6}[label]
    with pytest.raises((CorruptMedia, LimitExceeded)):
        await sandbox.open(sample(label)[:start] + sample(content)[start:])


@pytest.mark.parametrize("data", [b"", b"\x00", bytes(5000), b"GIF89a", b"\xff\xd8\xff" + bytes(100)])
async def test_nothing_inside(sandbox: Sandbox, data: bytes) -> None:
    with pytest.raises(InvalidInput) as failure:
        await sandbox.open(data)
    assert failure.value.field == "media"


async def test_a_wrong_checksum(sandbox: Sandbox) -> None:
    data = bytearray(sample("image/png"))
    data[data.index(b"IDAT") + 30] ^= 1
    with pytest.raises(CorruptMedia):
        await sandbox.open(bytes(data))


# Columns and rows of each pass over a picture of 100 × 100.
ADAM7_OF_100 = ((13, 13), (12, 13), (25, 12), (25, 25), (50, 25), (50, 50), (100, 50))


@pytest.mark.parametrize("interlaced", [False, True])
async def test_too_few_rows(sandbox: Sandbox, interlaced: bool) -> None:
    size = sum(rows * (1 + columns) for columns, rows in ADAM7_OF_100) if interlaced else 100 * 101
    assert (await sandbox.open(png(100, 100, idat=zeros(size), interlaced=interlaced))).height == 100
    for missing in (1, 101, size // 2):
        with pytest.raises(CorruptMedia, match="ends early"):
            await sandbox.open(png(100, 100, idat=zeros(size - missing), interlaced=interlaced))


async def test_a_file_that_names_another_one(sandbox: Sandbox) -> None:
    """A QuickTime data reference to a path; nothing outside the bytes is ever opened."""
    film = sample("video/quicktime")
    url = film.index(b"url ")
    named = film[:url] + b"alis" + film[url + 4 :]
    try:
        media = await sandbox.open(named)
    except CorruptMedia:
        return
    assert media.frames()[0].pixels.shape == (48, 64, 3)


async def test_hostile_text_is_no_reason_to_refuse_a_picture(sandbox: Sandbox) -> None:
    media = await sandbox.open(png(4, 4, png_chunk(b"tEXt", b"k\x00\xff\xfe\x00"), idat=zeros(20)), {"tags"})
    assert media.width == 4


EDITS = st.lists(
    st.tuples(st.floats(0, 1), st.sampled_from(["set", "cut", "insert", "repeat"]), st.binary(min_size=1, max_size=8)),
    min_size=1,
    max_size=6,
)


def _edited(data: bytes, edits: list[tuple[float, str, bytes]]) -> bytes:
    for place, what, new in edits:
        at = int(place * len(data))
        if what == "set":
            data = data[:at] + new + data[at + len(new) :]
        elif what == "cut":
            data = data[:at] + data[at + len(new) ** 3 :]
        elif what == "insert":
            data = data[:at] + new + data[at:]
        else:
            data = data[:at] + data[max(0, at - 64) :]
    return data


@given(st.sampled_from(FORMATS), EDITS)
@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_edited_file_is_media_or_refused(
    sandbox: Sandbox, mime: str, edits: list[tuple[float, str, bytes]]
) -> None:
    try:
        media = await sandbox.open(_edited(sample(mime), edits), {"tags", "jpeg"})
    except (InvalidInput, LimitExceeded):
        return
    assert media.width > 0
    assert media.height > 0
    assert all(frame.pixels.ndim == 3 for frame in media.frames())
    assert set(media.views) == {"pixels", "tags", "jpeg"}


async def test_the_sandbox_survived_all_of_that(sandbox: Sandbox) -> None:
    for mime in WRITERS:
        assert (await sandbox.open(sample(mime))).mime == mime
