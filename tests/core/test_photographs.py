"""What photographers bring: HEIC of phones, raw files of cameras."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from core.errors import CorruptMedia, LimitExceeded, UnsupportedMedia
from core.limits import Limits
from core.parsers.catalog import PARSERS
from core.sandbox import SAMPLES, Sandbox
from core.srgb import srgb_profile
from generators.marking.drawing import upright
from tests.core.deepfiles import ramps
from tests.core.files import scene
from tests.core.photofiles import dng, heic, heic_of, linear, mosaic

in_the_session = pytest.mark.asyncio(loop_scope="session")

WIDE, HIGH = 96, 64
ICC = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def sensor() -> np.ndarray[tuple[int, ...], np.dtype[np.uint16]]:
    return mosaic(linear(scene(WIDE, HIGH)))


@in_the_session
@pytest.mark.parametrize("packed", [False, True])
async def test_a_raw_file_is_developed_to_the_colours_that_the_sensor_saw(sandbox: Sandbox, packed: bool) -> None:
    media = await sandbox.open(dng(sensor(), packed=packed), {SAMPLES, "tags"})
    assert (media.mime, media.width, media.height) == ("image/x-adobe-dng", WIDE, HIGH)
    (frame,) = media.frames()
    assert frame.deep is not None
    assert frame.deep.shape == (HIGH, WIDE, 3)
    assert len(np.unique(frame.deep)) > 1000
    inside = (slice(4, -4), slice(4, -4))
    error = np.abs(frame.pixels[inside].astype(int) - scene(WIDE, HIGH)[inside])
    assert error.mean() < 3
    assert media.view("tags").facts["exif"]["Make"] == "Acme"
    assert media.view("tags").arrays["icc"].tobytes() == srgb_profile()


@in_the_session
@pytest.mark.parametrize("orientation", [1, 3, 5, 6, 8])
async def test_a_raw_picture_comes_out_upright_and_says_so(sandbox: Sandbox, orientation: int) -> None:
    plain, turned = [await sandbox.open(dng(sensor(), value), {SAMPLES, "tags"}) for value in (1, orientation)]
    shown = upright(plain.frames()[0].pixels, orientation)
    assert np.array_equal(turned.frames()[0].pixels, shown)
    assert turned.frames()[0].deep is not None
    assert turned.view("tags").facts["exif"]["Orientation"] == "1"


@in_the_session
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
async def test_a_raw_file_that_ends_early(sandbox: Sandbox, packed: bool, share: float) -> None:
    whole = dng(sensor(), packed=packed)
    with pytest.raises(CorruptMedia):
        await sandbox.open(whole[: int(len(whole) * share)])


@in_the_session
async def test_a_camera_that_nobody_knows(sandbox: Sandbox) -> None:
    with pytest.raises((UnsupportedMedia, CorruptMedia)) as refusal:
        await sandbox.open(b"FUJIFILMCCD-RAW 0201" + bytes(500))
    assert refusal.value.field == "media"


@pytest.mark.asyncio
async def test_limits_hold_before_a_photograph_is_decoded() -> None:
    async with await Sandbox.start(PARSERS, Limits(max_pixels=1000), workers=1) as small:
        for data in (dng(sensor()), heic(scene(WIDE, HIGH))):
            with pytest.raises(LimitExceeded) as refusal:
                await small.open(data)
            assert refusal.value.field == "media.pixels"


@in_the_session
async def test_a_heic_of_8_bits(sandbox: Sandbox) -> None:
    media = await sandbox.open(heic(scene()), {SAMPLES})
    assert media.mime == "image/heif"
    assert np.array_equal(media.frames()[0].pixels, scene())
    assert media.frames()[0].deep is None


@in_the_session
@pytest.mark.parametrize("channels", [3, 4])
async def test_a_heic_of_10_bits(sandbox: Sandbox, channels: int) -> None:
    samples = ramps(channels)
    media = await sandbox.open(heic(samples), {SAMPLES})
    view, (frame,) = media.view(SAMPLES), media.frames()
    assert (view.facts["bits"], view.facts["maximum"]) == (10, 1023)
    assert np.array_equal(view.arrays["samples"], samples[..., :3] >> 6)
    assert frame.deep is not None
    assert frame.deep.max() == 65_535
    assert (frame.deep_alpha is not None) is (channels == 4)


@in_the_session
async def test_what_a_heic_says_of_itself(sandbox: Sandbox) -> None:
    exif = Image.Exif()
    exif[271], exif[274] = "Acme", 6
    picture = Image.fromarray(scene())
    picture.info = {"exif": exif.tobytes(), "icc_profile": ICC, "xmp": b'<x:xmpmeta xmlns:x="adobe:ns:meta/"/>'}
    media = await sandbox.open(heic_of(picture), {"tags"})
    tags = media.view("tags")
    assert tags.error == ""
    assert tags.facts["exif"]["Make"] == "Acme"
    assert tags.arrays["icc"].tobytes() == ICC
    assert b"xmpmeta" in tags.arrays["xmp"].tobytes()
    # It lies as libheif turned it, and nobody may turn it again.
    assert tags.facts["exif"].get("Orientation", "1") == "1"


@in_the_session
@pytest.mark.parametrize("share", [0.05, 0.3, 0.9, 0.995])
async def test_a_heic_that_ends_early(sandbox: Sandbox, share: float) -> None:
    whole = heic(scene())
    with pytest.raises(CorruptMedia):
        await sandbox.open(whole[: int(len(whole) * share)])


def test_the_profile_of_what_is_made_here_never_changes() -> None:
    assert srgb_profile() == srgb_profile()
    assert ImageCms.ImageCmsProfile(io.BytesIO(srgb_profile())).profile.xcolor_space == "RGB "
