"""Georeferenced TIFFs in the sandbox: GDAL behind the filter, on sound, damaged and hostile files."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from core.errors import CorruptMedia, LimitExceeded, UnsupportedMedia
from core.limits import Limits
from core.parsers.scenes import look, read, tags
from core.sandbox import Request, Sandbox
from tests.generators.pictures import photo
from tests.geotiffs import PLACE, bands, geotiff, hole, seen
from tests.provenance.files import make

pytestmark = pytest.mark.asyncio(loop_scope="session")

ALL = {"scene", "samples", "tags"}


def request(data: bytes, limits: Limits = Limits()) -> Request:  # noqa: B008 - frozen
    return Request([data], "image/tiff", limits)


@pytest.mark.parametrize("compress", ["none", "lzw", "deflate", "zstd", "packbits"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32"])
async def test_samples_come_out_as_they_are_stored(sandbox: Sandbox, dtype: str, compress: str) -> None:
    samples = bands(dtype, 3)
    media = await sandbox.open(geotiff(samples, compress=compress), ALL)
    view = media.view("scene")
    np.testing.assert_array_equal(view.arrays["samples"], samples)
    assert view.facts["transform"] == list(PLACE[:6])
    assert (view.facts["bands"], view.facts["dtype"], view.error) == (3, dtype, "")
    assert media.view("samples").arrays == {}
    assert media.view("pixels").facts["georeferenced"] is True


async def test_many_rounds_leave_the_worker_sound(sandbox: Sandbox) -> None:
    data = geotiff(bands("uint16", 2), 0)
    for _ in range(5):
        assert (await sandbox.open(data, ALL)).view("scene").error == ""
        with pytest.raises(CorruptMedia):
            await sandbox.open(data[: len(data) // 2], ALL)


async def test_an_end_that_comes_too_early_is_an_error_of_ours_or_costs_no_sample(sandbox: Sandbox) -> None:
    samples = bands("uint16", 2, 32, 40)
    data = geotiff(samples, 0, compress="none")
    whole = 0
    for end in range(16, len(data), max(1, len(data) // 24)):
        try:
            media = await sandbox.open(data[:end], ALL)
        except (CorruptMedia, UnsupportedMedia):
            continue
        whole += 1
        view = media.view("scene")
        assert view.error or np.array_equal(view.arrays["samples"], samples)
    assert whole <= 3


async def test_other_tiffs_are_no_scenes(sandbox: Sandbox) -> None:
    media = await sandbox.open(make("image/tiff"), ALL)
    assert (media.view("scene").facts, media.view("scene").error) == ({}, "")
    assert "georeferenced" not in media.view("pixels").facts


async def test_sizes_are_refused_before_anything_is_decoded() -> None:
    data = geotiff(bands("uint8", 3), 0)
    for parse in (look.parse, read.parse):
        with pytest.raises(LimitExceeded) as caught:
            parse(request(data, Limits(max_pixels=1000)))
        assert caught.value.field == "media.pixels"
    with pytest.raises(LimitExceeded) as caught:
        read.parse(request(geotiff(bands("float32", 32, 64, 64)), Limits(max_pixels=5000)))
    assert caught.value.field == "media.samples"


async def test_what_is_not_read_is_described() -> None:
    files = ((geotiff(np.ones((1, 4, 4))), "float64", 1), (geotiff(np.ones((40, 4, 4), np.uint8)), "uint8", 40))
    for data, dtype, count in files:
        view = read.parse(request(data))
        assert "samples" not in view.arrays
        assert (view.facts["dtype"], view.facts["bands"]) == (dtype, count)


async def test_complex_numbers_cannot_be_looked_at() -> None:
    with pytest.raises(UnsupportedMedia):
        look.parse(request(geotiff(np.ones((1, 4, 4), np.complex64))))


async def test_bytes_are_shown_as_they_are() -> None:
    colours = np.moveaxis(photo("crab.jpg", 40, 60), 2, 0)
    view = look.parse(request(geotiff(colours, photometric="RGB")))
    np.testing.assert_array_equal(view.arrays["pixels"][0], np.moveaxis(colours, 0, 2))


async def test_what_is_missing_is_black_and_does_not_set_the_range() -> None:
    samples = hole(bands("float32", 1), -1e30, slice(0, 20), slice(None))
    pixels = look.parse(request(geotiff(samples, -1e30))).arrays["pixels"][0]
    assert not pixels[:20].any()
    assert pixels[20:].std() > 40


async def test_red_green_and_blue_are_found_wherever_they_lie() -> None:
    samples = bands("uint8", 4)
    data = geotiff(samples, photometric="RGB", alpha="UNSPECIFIED")
    assert seen(data).interpretation[:3] == ("red", "green", "blue")
    np.testing.assert_array_equal(look.parse(request(data)).arrays["pixels"][0], np.moveaxis(samples[:3], 0, 2))


LAUGHS = '<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><GDALMetadata><Item name="x">&b;</Item></GDALMetadata>'
UNIT, MEAN = '<Item name="UNIT" sample="0">m</Item>', '<Item name="STATISTICS_MEAN" sample="0">4</Item>'


@pytest.mark.parametrize(
    ("xml", "kept"),
    [
        (f"<GDALMetadata>{UNIT}{MEAN}</GDALMetadata>", f"<GDALMetadata>{UNIT}</GDALMetadata>".encode()),
        (LAUGHS, b""),
        ("<GDALMetadata><Item", b""),
        ("<Other><Item/></Other>", b""),
        ("", b""),
    ],
)
async def test_items_of_gdal_are_read_without_trust(xml: str, kept: bytes) -> None:
    page = SimpleNamespace(tags={tags.METADATA: SimpleNamespace(count=len(xml), value=xml)})
    assert tags.metadata(page) == kept
