"""Files of enhanced pictures: formats that can hold them, and metadata that stays true."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageCms

from core.media import Frame
from generators.still import encode_like, is_neutral
from tests.generators.pictures import media, noise, opened


@pytest.mark.parametrize(
    ("mime", "width", "answer"),
    [
        ("image/webp", 16_383, "image/webp"),
        ("image/webp", 16_384, "image/png"),
        ("image/jpeg", 65_500, "image/jpeg"),
        ("image/jpeg", 65_501, "image/png"),
        ("image/avif", 32_769, "image/png"),
        ("image/tiff", 70_000, "image/tiff"),
    ],
)
def test_a_picture_too_long_for_its_format_becomes_png(mime: str, width: int, answer: str) -> None:
    frame = Frame(np.zeros((1, width, 3), np.uint8))
    output = encode_like(media(noise(1, 1), mime=mime), frame)
    assert output.mime == answer
    assert opened(output).size == (width, 1)


@pytest.mark.parametrize("mime", ["image/jpeg", "image/png", "image/webp", "image/avif"])
def test_exif_states_the_new_size_and_the_old_orientation(mime: str) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    exif.get_ifd(ExifTags.IFD.Exif).update({ExifTags.Base.ExifImageWidth: 10, ExifTags.Base.ExifImageHeight: 5})
    source = media(noise(5, 10), mime=mime, tags={"exif": exif.tobytes()})
    written = opened(encode_like(source, Frame(noise(20, 40)))).getexif()
    inner = written.get_ifd(ExifTags.IFD.Exif)
    assert (inner[ExifTags.Base.ExifImageWidth], inner[ExifTags.Base.ExifImageHeight]) == (40, 20)
    assert written[ExifTags.Base.Orientation] == 6


def test_a_tiff_is_still_shown_the_right_way_up() -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    source = media(noise(5, 10), mime="image/tiff", tags={"exif": exif.tobytes()})
    image = opened(encode_like(source, Frame(noise(20, 40))))
    assert image.size == (20, 40)  # Pillow turns TIFFs when it reads them


@pytest.mark.parametrize(("space", "kept"), [(b"RGB ", True), (b"CMYK", False), (b"GRAY", False)])
def test_a_profile_is_kept_where_it_fits_rgb(space: bytes, kept: bool) -> None:
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[16:20] = space
    image = opened(encode_like(media(noise(4, 4), mime="image/jpeg", tags={"icc": bytes(profile)}), Frame(noise(4, 4))))
    assert ("icc_profile" in image.info) is kept


def test_one_coloured_pixel_makes_a_picture_coloured() -> None:
    grey = np.repeat(noise(9, 9)[..., :1], 3, axis=2)
    assert is_neutral(grey)
    grey[4, 4, 2] ^= 1
    assert not is_neutral(grey)
