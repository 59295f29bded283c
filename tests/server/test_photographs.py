"""Photographs through the whole house: their depth, metadata, format and what they must not tell."""

from __future__ import annotations

import io
import uuid
from dataclasses import replace
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from core.errors import InvalidInput
from core.sandbox import SAMPLES
from generators.base import Generator, Job, Output
from generators.catalog import classical
from generators.marking.label import Label
from server.requests import Order
from tests.core.deepfiles import png16, ramps, tiff
from tests.core.files import scene
from tests.core.photofiles import dng, heic, linear, mosaic
from tests.generators.test_privacy import SERIALS, XMP, exif
from tests.server.conftest import CALLER, House, leaf
from tests.server.fakes import LowBits, Painter

pytestmark = pytest.mark.asyncio(loop_scope="session")

WIDE, HIGH = 96, 64


def model(name: str) -> Generator:
    return next(each for each in classical() if each.name == name)


def order(source: bytes, name: str = "bicubic", **fields: Any) -> Order:
    settings: dict[str, Any] = {"scale": 2} if name == "bicubic" else {}
    return Order(uuid.uuid4().hex, model(name), settings, source=source, **fields)


def silent(_stage: str, _fraction: float) -> None:
    pass


async def made_of(house: House, asked: Order) -> tuple[bytes, dict[str, Any]]:
    made = await house.pipeline.make(asked, CALLER, silent)
    assert made.output is not None
    return made.output, leaf(made.recorded)


def telling(mime: str = "JPEG") -> bytes:
    """A photograph that says all that it can."""
    file = io.BytesIO()
    Image.fromarray(scene(WIDE, HIGH)).save(file, mime, exif=exif(), xmp=XMP, quality=95)
    return file.getvalue()


async def test_16_bits_go_through_the_whole_house(house: House) -> None:
    deep = np.clip(ramps(3, HIGH, WIDE), 3000, 60_000)
    output, entry = await made_of(house, order(png16(deep)))
    read = imagecodecs.png_decode(output)
    assert read.dtype == np.uint16
    assert read.shape == (2 * HIGH, 2 * WIDE, 3)
    assert entry["making"]["marks"] == {"watermarked": True}
    media, credential = await house.examiner.inspect(output)
    assert credential.store_json
    (identifier,) = LowBits().identifiers(media.frames()[0].pixels)
    assert f"{identifier:012x}" in credential.store_json


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("mime", ["image/png", "image/tiff"])
async def test_every_kind_of_deep_file_is_signed(house: House, mime: str, channels: int) -> None:
    output, _ = await made_of(house, order(png16(ramps(channels, HIGH, WIDE)), "bilateral", output_mime=mime))
    media = await house.examiner.open(output, views={SAMPLES})
    assert media.mime == mime
    assert media.frames()[0].deep is not None
    assert (media.frames()[0].alpha is not None) is (channels in (2, 4))


async def test_a_label_is_drawn_into_all_16_bits(house: House) -> None:
    deep = np.full((120, 160, 3), 30_000, np.uint16)
    output, _ = await made_of(house, order(tiff(deep), label=Label("AI", height_fraction=0.2)))
    read = tifffile.imread(io.BytesIO(output))
    assert read.dtype == np.uint16
    assert (np.abs(read.astype(int) - 30_000) > 15_000).any()


@pytest.mark.parametrize("mime", ["image/png", "image/tiff"])
async def test_a_raw_file_becomes_a_picture_of_16_bits(house: House, mime: str) -> None:
    raw = dng(mosaic(linear(scene(WIDE, HIGH))), 6)
    output, entry = await made_of(house, order(raw, "bilateral", output_mime=mime))
    media = await house.examiner.open(output, views={SAMPLES})
    (frame,) = media.frames()
    assert (media.mime, media.width, media.height) == (mime, HIGH, WIDE)
    assert frame.deep is not None
    assert len(np.unique(frame.deep)) > 1000
    tags = media.view("tags")
    assert tags.arrays["icc"].tobytes()[16:20] == b"RGB "
    assert tags.facts["exif"].get("Orientation", "1") == "1"
    assert entry["making"]["output_mime"] == mime


async def test_a_heic_comes_back_as_png(house: House) -> None:
    output, _ = await made_of(house, order(heic(scene(WIDE, HIGH))))
    media, credential = await house.examiner.inspect(output)
    assert (media.mime, media.width) == ("image/png", 2 * WIDE)
    assert credential.store_json


@pytest.mark.parametrize("mime", ["", "image/png", "image/tiff"])
async def test_metadata_are_kept_unless_they_are_private(house: House, mime: str) -> None:
    output, entry = await made_of(house, order(telling(), output_mime=mime))
    tags = (await house.examiner.open(output)).view("tags").facts
    assert tags["exif"]["GPSInfo"] == "present"
    assert tags["exif"]["BodySerialNumber"] == SERIALS[0]
    assert "left_out" not in entry["making"]["notes"]


@pytest.mark.parametrize("mime", ["", "image/png", "image/webp", "image/avif", "image/tiff"])
async def test_a_private_output_tells_nothing_anywhere(house: House, mime: str) -> None:
    output, entry = await made_of(house, order(telling(), private=True, output_mime=mime))
    tags = (await house.examiner.open(output)).view("tags").facts
    assert "GPSInfo" not in tags["exif"]
    assert tags["exif"]["Artist"] == "Ada"
    # Neither does the manifest, whatever it says of the parent.
    for trace in (*SERIALS, "Lovelace", "Berlin", "52,31"):
        assert trace.encode() not in output
    left_out = entry["making"]["notes"]["left_out"].split(", ")
    assert {"GPSInfo", "BodySerialNumber", "MakerNote", "CameraOwnerName", "City"} <= set(left_out)
    assert entry["making"]["private"] is True
    assert not any(trace in str(entry) for trace in (*SERIALS, "Lovelace", "Berlin"))


async def test_credentials_that_tell_are_not_taken_along_silently(house: House) -> None:
    signed, _ = await made_of(house, order(telling(), private=True))
    again, _ = await made_of(house, order(signed, private=True))  # credentials that tell nothing go along
    assert again
    telling_store = '{"manifests": {"a": {"assertions": [{"data": {"exif:GPSLatitude": "52"}}]}}}'
    examine = house.examiner.examine

    async def examined(media: Any, context: Any) -> Any:
        seen = await examine(media, context)
        return replace(seen, credential=replace(seen.credential, store_json=telling_store))

    house.examiner.examine = examined  # type: ignore[method-assign]
    with pytest.raises(InvalidInput) as refusal:
        await made_of(house, order(telling(), private=True))
    assert (refusal.value.field, refusal.value.found) == ("private", "GPSLatitude")
    assert (await house.entries())[0]["refusal"]["field"] == "private"


class Meter(Painter):
    """Makes what somebody measures by."""

    def _paint(self, job: Job) -> Output:
        return replace(super()._paint(job), measured="measured values")


@pytest.mark.parametrize(
    ("fields", "named"), [({"private": True}, "private"), ({"output_mime": "image/tiff"}, "output_mime_type")]
)
async def test_what_is_measured_is_neither_rewritten_nor_cleaned(
    house: House, fields: dict[str, Any], named: str
) -> None:
    asked = Order(uuid.uuid4().hex, Meter("upscale"), source=telling(), **fields)
    with pytest.raises(InvalidInput) as refusal:
        await house.pipeline.make(asked, CALLER, silent)
    assert refusal.value.field == named


async def test_a_format_that_cannot_hold_the_picture_is_refused(house: House) -> None:
    long = io.BytesIO()
    Image.new("RGB", (9000, 20)).save(long, "PNG")
    with pytest.raises(InvalidInput) as refusal:
        await house.pipeline.make(order(long.getvalue(), output_mime="image/webp"), CALLER, silent)
    assert (refusal.value.field, refusal.value.found) == ("output_mime_type", "18000×40")


async def test_asking_for_more_is_another_request(house: House) -> None:
    one = order(telling())
    assert one.content() != replace(one, private=True).content()
    assert one.content() != replace(one, output_mime="image/png").content()
    assert not {"private", "output_mime"} & one.content().keys(), "requests recorded before these existed stay the same"


async def test_pages_and_inks_and_measurements_are_refused_on_the_record(house: House) -> None:
    inks = io.BytesIO()
    Image.fromarray(scene()).convert("CMYK").save(inks, "JPEG")
    holes = np.full((40, 50), np.nan, np.float32)
    for data, found in (
        (inks.getvalue(), "CMYK"),
        (tiff(ramps(5), "minisblack", planarconfig="contig"), "5 bands of uint16"),
        (tiff(holes, "minisblack"), "float32 from 0.0 to 1.0, with NaN or Inf"),
    ):
        with pytest.raises(InvalidInput) as refusal:
            await house.pipeline.make(order(data), CALLER, silent)
        assert (refusal.value.field, refusal.value.found) == ("media", found)
        assert (await house.entries())[0]["refusal"]["found"] == found


async def test_traces_are_real() -> None:
    """So that not finding them means something."""
    assert all(trace.encode() in telling() for trace in (*SERIALS, "Lovelace", "Berlin"))
