"""What a picture holds beyond 8 bits comes out of the sandbox as it is stored, and goes into files as it is."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from core.encoding import encode_image
from core.errors import CorruptMedia, LimitExceeded, ParserFailed
from core.limits import Limits
from core.media import Frame, View
from core.parsers.catalog import PARSERS
from core.sandbox import SAMPLES, Sandbox
from core.sandbox.deepening import deepened
from tests.core.deepfiles import png16, ramps, tiff, twelve_bits
from tests.core.files import WRITERS, png_chunk, sample, scene

in_the_session = pytest.mark.asyncio(loop_scope="session")
PLAIN = (*WRITERS, "video/mp4")


@in_the_session
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
async def test_a_png_of_16_bits(sandbox: Sandbox, channels: int) -> None:
    samples = ramps(channels)
    media = await sandbox.open(png16(samples), {SAMPLES})
    view, (frame,) = media.view(SAMPLES), media.frames()
    colours = 1 if channels < 3 else 3
    assert view.error == ""
    assert view.facts["kind"] == ("grey" if colours == 1 else "rgb")
    assert (view.facts["bits"], view.facts["minimum"], view.facts["maximum"]) == (16, 0, 65_535)
    assert np.array_equal(view.arrays["samples"], samples[..., :colours])
    assert frame.deep is not None
    assert np.array_equal(frame.deep, samples[..., :colours])
    assert np.abs(frame.pixels.astype(int) * 257 - frame.deep).max() <= 128
    if channels in (2, 4):
        assert frame.deep_alpha is not None
        assert np.array_equal(frame.deep_alpha, samples[..., -1])


@in_the_session
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"compression": "lzw"},
        {"compression": "lzw", "predictor": True},
        {"compression": "zlib", "predictor": True, "tile": (16, 16)},
        {"compression": "zstd", "rowsperstrip": 5},
        {"byteorder": ">"},
        {"bigtiff": True},
    ],
    ids=str,
)
async def test_a_tiff_of_16_bits_however_it_is_laid_out(sandbox: Sandbox, options: dict[str, Any]) -> None:
    samples = ramps(3)
    media = await sandbox.open(tiff(samples, **options), {SAMPLES})
    assert media.view(SAMPLES).error == ""
    assert np.array_equal(media.view(SAMPLES).arrays["samples"], samples)
    assert media.frames()[0].deep is not None


@in_the_session
async def test_planes_and_alpha_of_a_tiff(sandbox: Sandbox) -> None:
    samples = ramps(4)
    data = tiff(np.moveaxis(samples, 2, 0), planarconfig="separate", extrasamples=["unassalpha"])
    view = await sandbox.call(SAMPLES, (data,))
    assert np.array_equal(view.arrays["samples"], samples[..., :3])
    assert np.array_equal(view.arrays["alpha"], samples[..., 3])


@in_the_session
async def test_colours_that_alpha_was_multiplied_into_are_divided_again(sandbox: Sandbox) -> None:
    colours = ramps(3)
    alpha = np.full(colours.shape[:2], 32_768, np.uint16)
    alpha[0] = 0
    stored = np.rint(colours * (alpha[..., None] / 65_535)).astype(np.uint16)
    data = tiff(np.dstack([stored, alpha]), extrasamples=["assocalpha"])
    made = (await sandbox.call(SAMPLES, (data,))).arrays["samples"]
    assert np.abs(made[1:].astype(int) - colours[1:]).max() <= 1
    assert not made[0].any()


@in_the_session
@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2", "u4", "i4", "f4", "f8"])
async def test_bands_keep_their_type(sandbox: Sandbox, dtype: str) -> None:
    samples = (ramps(5) / 7 - (3_000 if "u" not in dtype else 0)).astype(dtype)
    view = await sandbox.call(SAMPLES, (tiff(samples, "minisblack", planarconfig="contig"),))
    assert view.facts["kind"] == "bands"
    assert view.arrays["samples"].dtype == np.dtype(dtype)
    assert np.array_equal(view.arrays["samples"], samples)
    assert view.facts["minimum"] <= samples.min()
    assert view.facts["maximum"] >= samples.max()


@in_the_session
async def test_holes_in_floats_are_kept_and_no_part_of_the_range(sandbox: Sandbox) -> None:
    samples = np.linspace(-3, 8, 48 * 64, dtype=np.float32).reshape(48, 64, 1)
    samples[0, :3, 0] = np.nan, np.inf, -np.inf
    view = await sandbox.call(SAMPLES, (tiff(samples[..., 0], "minisblack"),))
    assert np.array_equal(view.arrays["samples"], samples, equal_nan=True)
    assert (view.facts["minimum"], view.facts["maximum"]) == (pytest.approx(-3, abs=0.02), 8.0)


@in_the_session
async def test_bits_that_fill_no_byte(sandbox: Sandbox) -> None:
    samples = (ramps(1)[..., 0] >> 4).astype(np.uint16)
    view = await sandbox.call(SAMPLES, (twelve_bits(samples),))
    assert (view.facts["bits"], view.facts["maximum"]) == (12, 4095)
    assert np.array_equal(view.arrays["samples"][..., 0], samples)


@in_the_session
async def test_white_may_be_zero(sandbox: Sandbox) -> None:
    samples = ramps(1)[..., 0]
    (frame,) = (await sandbox.open(tiff(samples, "miniswhite"), {SAMPLES})).frames()
    assert frame.deep is not None
    assert np.array_equal(frame.deep[..., 0], 65_535 - samples)


@in_the_session
@pytest.mark.parametrize("mime", PLAIN)
async def test_of_8_bits_there_is_nothing_to_add(sandbox: Sandbox, mime: str) -> None:
    media = await sandbox.open(sample(mime), {SAMPLES})
    view = media.view(SAMPLES)
    assert (dict(view.facts), dict(view.arrays), view.error) == ({}, {}, "")
    assert all(frame.deep is None for frame in media.frames())


@in_the_session
@pytest.mark.parametrize("share", [0.02, 0.5, 0.95])
@pytest.mark.parametrize(
    "data", [png16(ramps(3)), tiff(ramps(3)), tiff(ramps(3), compression="lzw")], ids=["png", "tiff", "lzw"]
)
async def test_a_file_that_ends_early(sandbox: Sandbox, data: bytes, share: float) -> None:
    with pytest.raises(CorruptMedia):
        await sandbox.call(SAMPLES, (data[: int(len(data) * share)],))


@pytest.mark.asyncio
async def test_limits_hold_before_anything_is_decoded() -> None:
    async with await Sandbox.start(PARSERS, Limits(max_pixels=1000), workers=1) as small:
        for data in (png16(ramps(3)), tiff(ramps(3), compression="lzw")):
            with pytest.raises(LimitExceeded) as refusal:
                await small.call(SAMPLES, (data,))
            assert (refusal.value.field, refusal.value.found) == ("media.pixels", "3072")


@in_the_session
async def test_too_many_bands(sandbox: Sandbox) -> None:
    data = tiff(np.zeros((4, 4, 65), np.uint8), "minisblack", planarconfig="contig")
    with pytest.raises(LimitExceeded) as refusal:
        await sandbox.call(SAMPLES, (data,))
    assert (refusal.value.field, refusal.value.found) == ("media.bands", "65")


@in_the_session
@pytest.mark.parametrize("mime", ["image/png", "image/tiff"])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("opaque", [True, False])
async def test_what_is_written_is_read_again(sandbox: Sandbox, mime: str, channels: int, opaque: bool) -> None:
    deep, deep_alpha = ramps(channels), ramps(2)[..., 0]
    pixels = np.broadcast_to(deep >> 8, (*deep.shape[:2], 3)).astype(np.uint8)
    alpha = None if opaque else (deep_alpha >> 8).astype(np.uint8)
    frame = Frame(pixels, alpha, deep=deep, deep_alpha=None if opaque else deep_alpha)
    media = await sandbox.open(encode_image(frame, mime), {SAMPLES})
    (again,) = media.frames()
    assert again.deep is not None
    assert np.array_equal(again.deep, np.broadcast_to(deep, again.deep.shape))
    assert again.deep.shape[2] == (3 if mime == "image/tiff" and not opaque else channels)
    assert (again.deep_alpha is None) is opaque
    if not opaque:
        assert again.deep_alpha is not None
        assert np.array_equal(again.deep_alpha, deep_alpha)


def test_alpha_that_was_changed_counts_more_than_what_it_was() -> None:
    frame = Frame(scene(), np.full((48, 64), 255, np.uint8), deep=ramps(3), deep_alpha=np.zeros((48, 64), np.uint16))
    assert encode_image(frame, "image/png") == encode_image(
        Frame(scene(), frame.alpha, deep=frame.deep, deep_alpha=np.full((48, 64), 65_535, np.uint16)), "image/png"
    )


SMALL = (5, 4, 3)


@given(arrays.arrays(np.uint8, SMALL), arrays.arrays(np.uint8, SMALL), arrays.arrays(np.uint16, SMALL))
def test_changes_are_carried_over(old: Any, new: Any, deep: Any) -> None:
    made = Frame(old, deep=deep).with_pixels(new)
    assert np.array_equal(made.pixels, new)
    assert made.deep is not None
    wanted = np.clip(deep.astype(int) + (new.astype(int) - old) * 257, 0, 65_535)
    assert np.array_equal(made.deep, wanted)


@given(arrays.arrays(np.uint8, SMALL), arrays.arrays(np.uint16, (5, 4, 1)), st.integers(0, 255))
def test_greys_stay_one_channel_until_they_get_colour(old: Any, deep: Any, tone: int) -> None:
    grey = np.repeat(old[..., :1], 3, axis=2)
    flat = Frame(grey, deep=deep).with_pixels(np.full(SMALL, tone, np.uint8))
    assert flat.deep is not None
    assert flat.deep.shape == (5, 4, 1)
    coloured = grey.copy()
    coloured[0, 0, 1] ^= 1
    tinted = Frame(grey, deep=deep).with_pixels(coloured)
    assert tinted.deep is not None
    assert tinted.deep.shape == SMALL


def test_a_frame_of_8_bits_stays_one() -> None:
    assert Frame(scene()).with_pixels(255 - scene()).deep is None


def _view(samples: Any, **facts: Any) -> View:
    return View({"bits": 16, "minimum": 0, "maximum": 65_535, "kind": "rgb", **facts}, {"samples": samples})


@pytest.mark.parametrize(
    "view",
    [
        _view(np.zeros((48, 64, 1), np.uint16)),
        _view(np.zeros((48, 63, 3), np.uint16)),
        _view(ramps(3), maximum="65535"),
        _view(ramps(3), minimum=True),
        _view(ramps(3), maximum=float("nan")),
    ],
)
def test_a_worker_that_lies_is_not_believed(view: View) -> None:
    with pytest.raises(ParserFailed):
        deepened(Frame(scene()), view)


@pytest.mark.parametrize(
    "view",
    [
        View(),
        _view(ramps(3), kind="bands"),
        _view(ramps(3), maximum=4095),
        _view(ramps(3).astype(np.int16), minimum=-32_768, maximum=32_767),
        _view(np.full((48, 64, 3), np.nan, np.float32), maximum=1.0),
        _view(ramps(3).astype(np.float32), maximum=65_535.0),
    ],
)
def test_measurements_are_no_picture_of_16_bits(view: View) -> None:
    frame = Frame(scene())
    assert deepened(frame, view) is frame


def test_fewer_bits_are_scaled_to_16() -> None:
    twelve = ramps(3) >> 4
    made = deepened(Frame(scene()), _view(twelve, maximum=4095, bits=12)).deep
    assert made is not None
    assert np.array_equal(made, np.rint(twelve * (65_535 / 4095)))


@in_the_session
async def test_a_transparent_colour_of_16_bits_is_alpha(sandbox: Sandbox) -> None:
    samples = ramps(3)
    samples[:4] = 1000, 2000, 3000
    data = png16(samples)
    marked = data[:33] + png_chunk(b"tRNS", struct.pack(">HHH", 1000, 2000, 3000)) + data[33:]
    (frame,) = (await sandbox.open(marked, {SAMPLES})).frames()
    assert frame.alpha is not None
    assert frame.deep_alpha is not None
    assert not frame.deep_alpha[:4].any()
    assert (frame.deep_alpha[4:] == 65_535).all()


@in_the_session
async def test_a_watermark_woven_into_8_bits_reads_in_the_file_of_16(sandbox: Sandbox) -> None:
    deep = np.clip(ramps(3), 2000, 60_000)
    shown = (await sandbox.open(png16(deep), {SAMPLES})).frames()[0]
    woven = shown.with_pixels(shown.pixels ^ np.uint8(1))
    (again,) = (await sandbox.open(encode_image(woven, "image/png"), {SAMPLES})).frames()
    assert np.array_equal(again.pixels, woven.pixels)
