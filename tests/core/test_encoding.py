"""Our own pixels, written, are read back by the sandbox as they were, with the metadata that came with them."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from core.encoding import encode_image
from core.errors import InvalidInput, UnsupportedMedia
from core.media import Frame
from core.sandbox import Sandbox
from tests.core.files import scene

in_the_session = pytest.mark.asyncio(loop_scope="session")

FORMATS = ("image/jpeg", "image/png", "image/webp", "image/avif", "image/tiff")
LOSSLESS = ("image/png", "image/tiff")
ALPHA = np.tile(np.linspace(0, 255, 64).astype(np.uint8), (48, 1))
ICC = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
XMP = '<x:xmpmeta xmlns:x="adobe:ns:meta/">ü</x:xmpmeta>'.encode()


def _exif() -> bytes:
    exif = Image.Exif()
    exif[271] = "Maker"
    exif[0x8769] = {0x8827: 400}
    exif[0x8825] = {1: "N", 2: (52.0, 31.0, 12.0)}
    return exif.tobytes()


@in_the_session
@pytest.mark.parametrize("mime", FORMATS)
async def test_pixels_survive(sandbox: Sandbox, mime: str) -> None:
    media = await sandbox.open(encode_image(Frame(scene()), mime))
    assert media.mime == mime
    (frame,) = media.frames()
    error = np.abs(frame.pixels.astype(int) - scene()).mean()
    assert error == 0 if mime in LOSSLESS else error < 3
    assert frame.alpha is None


@in_the_session
@pytest.mark.parametrize("mime", FORMATS)
async def test_alpha_survives_where_the_format_has_it(sandbox: Sandbox, mime: str) -> None:
    (frame,) = (await sandbox.open(encode_image(Frame(scene(), ALPHA), mime))).frames()
    if mime == "image/jpeg":
        assert frame.alpha is None
    else:
        assert frame.alpha is not None
        assert np.abs(frame.alpha.astype(int) - ALPHA).max() <= 1
    if mime in LOSSLESS:
        assert np.array_equal(frame.pixels, scene())  # under full transparency too


@in_the_session
@pytest.mark.parametrize("mime", FORMATS)
async def test_metadata_survives(sandbox: Sandbox, mime: str) -> None:
    data = encode_image(Frame(scene()), mime, exif=_exif(), icc=ICC, xmp=XMP)
    tags = (await sandbox.open(data, {"tags"})).view("tags")
    assert tags.error == ""
    assert tags.arrays["icc"].tobytes() == ICC
    assert tags.arrays["xmp"].tobytes() == XMP
    assert tags.facts["exif"]["Make"] == "Maker"
    assert tags.facts["exif"]["ISOSpeedRatings"] == "400"
    assert tags.facts["exif"]["GPSInfo"] == "present"


@in_the_session
@pytest.mark.parametrize("mime", FORMATS)
async def test_no_metadata_is_made_up(sandbox: Sandbox, mime: str) -> None:
    tags = (await sandbox.open(encode_image(Frame(scene()), mime), {"tags"})).view("tags")
    assert tags.error == ""
    assert set(tags.arrays) <= ({"exif"} if mime == "image/tiff" else set())
    assert tags.facts["xmp"] == {}


def test_the_header_of_jpeg_before_exif_is_optional() -> None:
    header = b"Exif\x00\x00"
    bare = _exif().removeprefix(header)
    written = encode_image(Frame(scene()), "image/jpeg", exif=header + bare)
    assert written == encode_image(Frame(scene()), "image/jpeg", exif=bare)
    assert Image.open(io.BytesIO(written)).getexif()[271] == "Maker"


@pytest.mark.parametrize("mime", ["image/jpeg", "image/webp", "image/avif"])
def test_quality_costs_bytes(mime: str) -> None:
    sizes = [len(encode_image(Frame(scene(320, 240)), mime, quality=quality)) for quality in (30, 80, 100)]
    assert sizes == sorted(set(sizes))


@pytest.mark.parametrize("mime", ["image/gif", "image/bmp", "video/mp4", "", "JPEG"])
def test_other_formats_are_refused(mime: str) -> None:
    with pytest.raises(UnsupportedMedia) as failure:
        encode_image(Frame(scene()), mime)
    assert failure.value.found == mime
    assert "image/png" in failure.value.limit


@pytest.mark.parametrize("quality", [0, 101, -1])
def test_quality_has_a_range(quality: int) -> None:
    with pytest.raises(InvalidInput) as failure:
        encode_image(Frame(scene()), "image/jpeg", quality=quality)
    assert (failure.value.field, failure.value.found) == ("quality", str(quality))


def test_what_a_format_cannot_hold() -> None:
    with pytest.raises(InvalidInput, match="image/webp"):
        encode_image(Frame(np.zeros((1, 20_000, 3), np.uint8)), "image/webp")
    with pytest.raises(InvalidInput, match="image/jpeg"):
        encode_image(Frame(scene()), "image/jpeg", exif=bytes(70_000))
    with pytest.raises(InvalidInput):
        encode_image(Frame(np.zeros((0, 0, 3), np.uint8)), "image/png")


@pytest.mark.filterwarnings("ignore::UserWarning")  # by which Pillow tells of damaged EXIF
@pytest.mark.parametrize("exif", [b"\x00" * 50, b"II*\x00\xff\xff\xff\xff", b"MM\x00*", b"nonsense"], ids=repr)
@pytest.mark.parametrize("mime", FORMATS)
def test_damaged_exif_is_written_or_refused(mime: str, exif: bytes) -> None:
    try:
        data = encode_image(Frame(scene()), mime, exif=exif)
    except InvalidInput:
        return
    assert Image.open(io.BytesIO(data)).size == (64, 48)


@in_the_session
@pytest.mark.parametrize("mime", LOSSLESS)
async def test_metadata_of_a_picture_of_16_bits(sandbox: Sandbox, mime: str) -> None:
    exif = Image.Exif()
    exif.load(_exif())
    exif[274] = 6
    frame = Frame(scene(), deep=scene().astype(np.uint16) * 257)
    data = encode_image(frame, mime, exif=exif.tobytes(), icc=ICC, xmp=XMP)
    media = await sandbox.open(data, {"tags"})
    tags = media.view("tags")
    assert (media.width, media.height, tags.error) == (64, 48, "")
    assert tags.arrays["icc"].tobytes() == ICC
    assert tags.arrays["xmp"].tobytes() == XMP
    assert (tags.facts["exif"]["Make"], tags.facts["exif"]["Orientation"]) == ("Maker", "6")
    assert tags.facts["exif"]["ISOSpeedRatings"] == "400"
    assert tags.facts["exif"]["GPSInfo"] == "present"


@in_the_session
@pytest.mark.parametrize("mime", LOSSLESS)
async def test_no_metadata_is_made_up_for_16_bits(sandbox: Sandbox, mime: str) -> None:
    frame = Frame(scene(), deep=scene().astype(np.uint16) * 257)
    tags = (await sandbox.open(encode_image(frame, mime), {"tags"})).view("tags")
    assert tags.error == ""
    assert set(tags.arrays) <= ({"exif"} if mime == "image/tiff" else set())
    assert tags.facts["xmp"] == {}
