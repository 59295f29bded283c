"""Files as they come: parsed in the sandbox, improved, and parsed again."""

from __future__ import annotations

import io

import pytest
from PIL import ExifTags, Image

from core.errors import InvalidInput
from core.parsers.catalog import PARSERS
from core.registry import Registry
from core.sandbox import Sandbox
from generators.base import Generator
from tests.generators.pictures import FORMATS, make, photo


def phone_photo(mime: str) -> bytes:
    """A photograph held sideways, with the size stated in its EXIF."""
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "A maker"
    exif[ExifTags.Base.Orientation] = 6
    exif.get_ifd(ExifTags.IFD.Exif).update({ExifTags.Base.ExifImageWidth: 48, ExifTags.Base.ExifImageHeight: 32})
    file = io.BytesIO()
    Image.fromarray(photo("fig.jpg", 32, 48)).save(file, FORMATS[mime], exif=exif)
    return file.getvalue()


def animation() -> bytes:
    file = io.BytesIO()
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    return file.getvalue()


async def test_real_files_come_back_larger_upright_and_with_their_tags(generators: Registry[Generator]) -> None:
    async with await Sandbox.start(PARSERS) as sandbox:
        for mime in ("image/jpeg", "image/png", "image/webp"):
            source = await sandbox.open(phone_photo(mime), ("tags",))
            output = make(generators.get("compact"), source)[0]
            made = await sandbox.open(output.data, ("tags",))
            assert (made.mime, made.width, made.height) == (mime, 96, 64)
            exif = made.view("tags").facts["exif"]
            assert (exif["Make"], exif["Orientation"]) == ("A maker", "6")
            assert (exif["ExifImageWidth"], exif["ExifImageHeight"]) == ("96", "64")
        moving = await sandbox.open(animation(), ("tags",))
        with pytest.raises(InvalidInput, match="animations"):
            make(generators.get("nlm"), moving)
