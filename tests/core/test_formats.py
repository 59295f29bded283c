"""Every format becomes RGB, alpha where there is some, and facts."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import av
import numpy as np
import pytest
from av.audio.stream import AudioStream
from av.video.stream import VideoStream
from PIL import Image, ImageCms

from core.errors import CorruptMedia, UnsupportedMedia
from core.limits import Limits
from core.media import Kind
from core.parsers.catalog import PARSERS
from core.sandbox import Sandbox
from tests.core.deepfiles import tiff
from tests.core.files import FILMS, FRAMES, WRITERS, film, png_chunk, sample, save, scene

pytestmark = pytest.mark.asyncio(loop_scope="session")

LOSSLESS = ("image/png", "image/tiff", "image/bmp")
RAMP = np.tile(np.linspace(0, 255, 64).astype(np.uint8), (48, 1))


@pytest.mark.parametrize("mime", WRITERS)
async def test_a_picture_of_every_format(sandbox: Sandbox, mime: str) -> None:
    media = await sandbox.open(sample(mime))
    (frame,) = media.frames()
    assert (media.kind, media.mime, media.width, media.height) == (Kind.IMAGE, mime, 64, 48)
    assert frame.pixels.dtype == np.uint8
    assert np.abs(frame.pixels.astype(int) - scene()).mean() < (0.01 if mime in LOSSLESS else 12)
    assert np.array_equal(frame.pixels, np.asarray(Image.open(io.BytesIO(sample(mime))).convert("RGB")))
    assert frame.alpha is None
    facts = media.view("pixels").facts
    assert (facts["format"], facts["n_frames"], facts["icc_bytes"]) == (WRITERS[mime], 1, 0)
    assert (facts["declared_width"], facts["declared_height"], facts["has_alpha"]) == (64, 48, False)


@pytest.mark.parametrize("mime", FILMS)
async def test_a_film_of_every_format(sandbox: Sandbox, mime: str) -> None:
    media = await sandbox.open(film(mime))
    assert (media.kind, media.mime, media.width, media.height) == (Kind.VIDEO, mime, 64, 48)
    assert media.duration == pytest.approx(FRAMES / 10, abs=0.11)
    frames = media.frames()
    assert len(frames) == Limits().sampled_frames
    for frame in frames:
        assert frame.pixels.shape == (48, 64, 3)
        assert frame.pixels.mean() == pytest.approx(8 * round(frame.time * 10), abs=6)  # the very frame of that time
    times = [frame.time for frame in frames]
    assert np.ptp(np.diff(times)) < 0.11
    assert 0 < times[0] < times[-1] < media.duration
    facts = media.view("pixels").facts
    assert (facts["n_frames"], facts["fps"], facts["has_sound"]) == (FRAMES, 10.0, False)
    assert facts["codec"] in {"h264", "mpeg4", "vp8"}


@pytest.mark.parametrize("frames", [1, 3])
async def test_a_film_of_fewer_frames_than_are_sampled(sandbox: Sandbox, frames: int) -> None:
    media = await sandbox.open(film("video/mp4", frames))
    assert [round(frame.time * 10) for frame in media.frames()] == list(range(frames))


async def test_frames_of_a_film_are_made_smaller() -> None:
    limits = Limits(sampled_frames=2, sampled_side=32)
    async with await Sandbox.start(PARSERS, limits, workers=1) as sandbox:
        media = await sandbox.open(film("video/mp4"))
    assert (media.width, media.height) == (64, 48)
    assert [frame.pixels.shape for frame in media.frames()] == [(24, 32, 3)] * 2


async def test_keyframes_change_nothing_but_the_way_there(sandbox: Sandbox) -> None:
    every = await sandbox.open(film("video/mp4", gop=1))
    few = await sandbox.open(film("video/mp4", gop=300))
    assert [frame.time for frame in every.frames()] == [frame.time for frame in few.frames()]
    assert every.view("pixels").facts["keyframes"] > few.view("pixels").facts["keyframes"]


def _with_sound(pictures: int) -> bytes:
    """A film with a silent track, of so many pictures; without any it is sound alone."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        sound = container.add_stream("aac", rate=8000)
        assert isinstance(sound, AudioStream)
        if pictures:
            track = container.add_stream("mpeg4", rate=10)
            assert isinstance(track, VideoStream)
            track.width, track.height, track.pix_fmt = 64, 48, "yuv420p"
            frames = [av.VideoFrame.from_ndarray(scene(), format="rgb24") for _ in range(pictures)]
            container.mux([packet for frame in [*frames, None] for packet in track.encode(frame)])
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        silence.sample_rate = 8000
        container.mux([*sound.encode(silence), *sound.encode(None)])
    return file.getvalue()


async def test_what_an_edit_list_cuts_away_is_not_shown(sandbox: Sandbox) -> None:
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        track = container.add_stream("libx264", rate=10)
        assert isinstance(track, VideoStream)
        track.width, track.height, track.pix_fmt = 64, 48, "yuv420p"
        greys = (np.full((48, 64, 3), 8 * number, np.uint8) for number in range(FRAMES))
        frames = [av.VideoFrame.from_ndarray(grey, format="rgb24") for grey in greys]
        for packet in [packet for frame in [*frames, None] for packet in track.encode(frame)]:
            assert packet.pts is not None
            assert packet.dts is not None
            early = round(1.2 / packet.time_base)  # what comes before the beginning, the muxer edits away
            packet.pts, packet.dts = packet.pts - early, packet.dts - early
            container.mux(packet)
    assert b"elst" in file.getvalue()
    media = await sandbox.open(file.getvalue())
    assert media.duration == pytest.approx(1.8)
    assert media.view("pixels").facts["n_frames"] == FRAMES - 12
    for frame in media.frames():
        assert frame.pixels.mean() == pytest.approx(8 * (12 + round(frame.time * 10)), abs=6)


async def test_sound_is_told(sandbox: Sandbox) -> None:
    assert (await sandbox.open(_with_sound(2))).view("pixels").facts["has_sound"] is True


async def test_sound_alone_is_no_film(sandbox: Sandbox) -> None:
    with pytest.raises(CorruptMedia, match="no track of pictures"):
        await sandbox.open(_with_sound(0))


def _picture(mode: str) -> Image.Image:
    scenery = Image.fromarray(scene())
    if mode in {"LA", "PA", "RGBA"}:
        base = scenery.convert({"LA": "L", "PA": "P", "RGBA": "RGB"}[mode]).convert(mode)
        base.putalpha(Image.fromarray(RAMP))
        return base
    if mode == "I;16":
        return Image.fromarray(RAMP.astype(np.uint16) * 257)
    return scenery.convert(mode)


@pytest.mark.parametrize(
    ("mime", "mode"),
    [
        *(("image/png", mode) for mode in ("1", "L", "P", "LA", "RGBA", "I;16")),
        *(("image/tiff", mode) for mode in ("1", "L", "P", "LA", "RGBA", "CMYK", "I;16", "YCbCr")),
        *(("image/jpeg", mode) for mode in ("L", "CMYK")),
        *(("image/bmp", mode) for mode in ("1", "L", "P")),
        *(("image/webp", mode) for mode in ("L", "RGBA")),
        *(("image/avif", mode) for mode in ("L", "RGBA")),
        *(("image/gif", mode) for mode in ("1", "L", "P")),
    ],
)
async def test_sample_formats(sandbox: Sandbox, mime: str, mode: str) -> None:
    options: dict[str, Any] = {"lossless": True, "exact": True} if mime == "image/webp" else {}
    original = _picture(mode)
    (frame,) = (await sandbox.open(save(original, mime, **options))).frames()
    assert frame.pixels.shape == (48, 64, 3)
    if mode == "I;16":
        assert np.array_equal(frame.pixels, np.repeat(RAMP[:, :, np.newaxis], 3, axis=2))
    elif mime not in {"image/jpeg", "image/avif"}:
        assert np.array_equal(frame.pixels, np.asarray(original.convert("RGB")))
    if "A" in mode:
        assert frame.alpha is not None
        assert np.abs(frame.alpha.astype(int) - RAMP).max() <= 1
    else:
        assert frame.alpha is None


async def test_16_bit_colour_keeps_its_high_bytes(sandbox: Sandbox) -> None:
    rows = b"".join(b"\x00" + np.repeat(row.reshape(-1), 2).tobytes() for row in scene())
    header = struct.pack(">IIBBBBB", 64, 48, 16, 2, 0, 0, 0)
    chunks = png_chunk(b"IHDR", header) + png_chunk(b"IDAT", zlib.compress(rows)) + png_chunk(b"IEND", b"")
    media = await sandbox.open(b"\x89PNG\r\n\x1a\n" + chunks)
    assert np.array_equal(media.frames()[0].pixels, scene())
    assert media.view("pixels").facts["bits"] == 16


async def test_a_transparent_colour_is_alpha(sandbox: Sandbox) -> None:
    picture = Image.fromarray(RAMP).convert("P")
    (frame,) = (await sandbox.open(save(picture, "image/png", transparency=0))).frames()
    assert frame.alpha is not None
    assert np.array_equal(frame.alpha == 0, np.asarray(picture) == 0)


async def test_opaque_alpha_is_none(sandbox: Sandbox) -> None:
    media = await sandbox.open(save(Image.fromarray(scene()).convert("RGBA"), "image/png"))
    assert media.frames()[0].alpha is None
    assert media.view("pixels").facts["has_alpha"] is True


async def test_samples_that_need_a_profile(sandbox: Sandbox) -> None:
    with pytest.raises(UnsupportedMedia) as failure:
        await sandbox.open(save(Image.new("LAB", (8, 8)), "image/tiff"))
    assert failure.value.found == "LAB"


@pytest.mark.parametrize("mode", ["I", "F"])
async def test_samples_whose_range_is_unknown_are_stretched(sandbox: Sandbox, mode: str) -> None:
    ramp = RAMP.astype(np.int32 if mode == "I" else np.float32) * 1000 - 90_000
    (frame,) = (await sandbox.open(save(Image.fromarray(ramp), "image/tiff"))).frames()
    assert (frame.pixels.min(), frame.pixels.max()) == (0, 255)
    assert np.abs(frame.pixels[..., 0].astype(int) - RAMP).max() <= 8


async def test_a_flat_picture_of_numbers_is_grey(sandbox: Sandbox) -> None:
    (frame,) = (await sandbox.open(save(Image.new("F", (8, 8), 3.5), "image/tiff"))).frames()
    assert (frame.pixels == 128).all()


async def test_of_many_bands_three_are_shown(sandbox: Sandbox) -> None:
    bands = np.dstack([scene(), 255 - scene()])
    data = tiff(bands, "minisblack", planarconfig="contig")
    media = await sandbox.open(data)
    assert np.array_equal(media.frames()[0].pixels, scene())
    assert media.view("pixels").facts["bits"] == 8


async def test_every_page_of_a_deep_tiff_is_looked_at(sandbox: Sandbox) -> None:
    deep = scene().astype(np.uint16) * 257
    data = tiff(np.stack([deep, 65_535 - deep, deep]))
    media = await sandbox.open(data)
    assert media.view("pixels").facts["n_frames"] == 3
    for frame, wanted in zip(media.frames(), (scene(), 255 - scene(), scene()), strict=True):
        assert np.array_equal(frame.pixels, wanted)


@pytest.mark.parametrize("mime", ["image/gif", "image/png", "image/webp", "image/avif", "image/tiff"])
async def test_an_animation_is_a_few_of_its_frames(sandbox: Sandbox, mime: str) -> None:
    first, second = Image.fromarray(scene()), Image.fromarray(255 - scene())
    media = await sandbox.open(save(first, mime, save_all=True, append_images=[second, first], duration=500))
    assert media.view("pixels").facts["n_frames"] == 3
    assert media.duration == 0.0
    for frame, wanted in zip(media.frames(), (scene(), 255 - scene(), scene()), strict=True):
        assert np.abs(frame.pixels.astype(int) - wanted).mean() < 12
    times = [frame.time for frame in media.frames()]
    assert times == ([0.0, 0.0, 0.0] if mime == "image/tiff" else pytest.approx([0.0, 0.5, 1.0]))


async def test_a_long_animation_is_sampled_from_its_first_frame_to_its_last(sandbox: Sandbox) -> None:
    greys = [Image.new("L", (8, 8), 10 * number) for number in range(21)]
    media = await sandbox.open(save(greys[0], "image/gif", save_all=True, append_images=greys[1:]))
    seen = [int(frame.pixels[0, 0, 0]) for frame in media.frames()]
    assert len(seen) == Limits().sampled_frames
    assert (seen[0], seen[-1]) == (0, 200)
    assert seen == sorted(seen)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("mime", ["image/jpeg", "image/tiff", "image/avif"])
async def test_the_picture_stays_as_it_is_coded(sandbox: Sandbox, mime: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    plain, turned = save(Image.fromarray(scene()), mime), save(Image.fromarray(scene()), mime, exif=exif)
    media = await sandbox.open(turned)
    assert (media.width, media.height) == (64, 48)
    assert np.array_equal(media.frames()[0].pixels, (await sandbox.open(plain)).frames()[0].pixels)


async def test_a_profile_is_told_and_not_applied(sandbox: Sandbox) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    media = await sandbox.open(save(Image.fromarray(scene()), "image/png", icc_profile=profile))
    assert media.view("pixels").facts["icc_bytes"] == len(profile)
    assert np.array_equal(media.frames()[0].pixels, scene())
