"""Scenes that cannot be enhanced, each with what is wrong, what is allowed and what was found."""

from __future__ import annotations

import numpy as np
import pytest
import rasterio

from core.errors import Cancelled, CountersignError, InvalidInput, LimitExceeded, ParserFailed, UnsupportedMedia
from core.limits import Limits
from core.media import View
from core.parsers.scenes import read
from core.sandbox import Request
from generators.scenes.enhancing import check, enhance
from generators.scenes.scene import scene_of
from tests.generators.pictures import media, noise
from tests.generators.scenes.conftest import cubic, made, opened
from tests.geotiffs import bands, geotiff, seen


def refusal(data: bytes, scale: int = 2) -> CountersignError:
    with pytest.raises(CountersignError) as caught:
        made(data, cubic(scale))
    return caught.value


def with_mask() -> bytes:
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True), rasterio.MemoryFile() as file:
        samples = bands("uint16", 1)
        shape = {"driver": "GTiff", "width": 128, "height": 96, "count": 1, "dtype": "uint16"}
        with file.open(**shape, crs="EPSG:32633", transform=rasterio.Affine(1, 0, 5, 0, -1, 5)) as opened_file:
            opened_file.write(samples)
            opened_file.write_mask(np.full((96, 128), 255, np.uint8))
        return bytes(file.read())


def with_palette() -> bytes:
    with rasterio.MemoryFile() as file:
        shape = {"driver": "GTiff", "width": 8, "height": 8, "count": 1, "dtype": "uint8", "photometric": "PALETTE"}
        with file.open(**shape, crs="EPSG:32633", transform=rasterio.Affine(1, 0, 5, 0, -1, 5)) as opened_file:
            opened_file.write(np.ones((1, 8, 8), np.uint8))
            opened_file.write_colormap(1, {0: (0, 0, 0, 255), 1: (10, 200, 30, 255)})
        return bytes(file.read())


CASES: dict[str, tuple[bytes, type[CountersignError], str, str]] = {
    "a coordinate system without a place": (geotiff(bands("uint8", 1), transform=None), InvalidInput, "media", "none"),
    "NaN that nobody explains": (
        geotiff(np.full((1, 8, 8), np.nan, np.float32)), InvalidInput, "media", "64 in one window; nodata is not set",
    ),
    "infinity": (
        geotiff(np.array([[[1, np.inf]]], np.float32), -1), InvalidInput, "media", "1 in one window; nodata is -1",
    ),
    "doubles": (geotiff(np.ones((1, 8, 8))), UnsupportedMedia, "media", "float64"),
    "too many bands": (geotiff(np.ones((33, 4, 4), np.uint8)), LimitExceeded, "media.bands", "33"),
    "a mask of its own": (with_mask(), UnsupportedMedia, "media", "a mask of its own"),
    "classes": (with_palette(), UnsupportedMedia, "media", "a palette"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_cannot_be_enhanced(case: str) -> None:
    data, kind, field, found = CASES[case]
    error = refusal(data)
    assert isinstance(error, kind)
    assert isinstance(error, InvalidInput | LimitExceeded)
    assert (error.field, error.found) == (field, found)
    assert error.limit


def test_an_output_that_would_be_too_large() -> None:
    scene = opened(geotiff(bands("uint16", 1)))
    with pytest.raises(LimitExceeded) as caught:
        check(scene, 2, 40_000)
    assert (caught.value.field, caught.value.limit) == ("parameters.scale", "40000 pixels")


def test_whoever_goes_away_is_not_worked_for() -> None:
    scene = check(opened(geotiff(bands("uint16", 1))), 2, 10**8)
    with pytest.raises(Cancelled):
        enhance(scene, cubic(2), lambda _: None, lambda: True)


def test_a_scene_of_holes_stays_one() -> None:
    samples = np.full((1, 40, 50), -9999, np.int16)
    output = made(geotiff(samples, -9999), cubic(2))
    assert (seen(output.data).samples == -9999).all()
    assert output.notes["band_1_valid"] == 0


def test_overviews_are_left_out_and_said_to_be() -> None:
    assert "dropped" not in made(geotiff(bands("uint16", 1)), cubic(2)).notes
    with_overviews = geotiff(bands("uint16", 1, 600, 700), driver="COG", described=False)
    assert made(with_overviews, cubic(2)).notes["dropped"] == "overviews"


@pytest.mark.parametrize(
    "change",
    [
        {"samples": np.zeros((1, 3, 3), np.uint16)},
        {"samples": np.zeros((1, 96, 128), np.float64)},
        {"keys": np.zeros(4, np.float32)},
        {"ties": np.zeros((2, 5))},
    ],
)
def test_a_worker_that_lies_is_not_believed(
    change: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.generic]]],
) -> None:
    sound = opened(geotiff(bands("uint16", 1)))
    view = sound.views["scene"]
    lying = media(sound.frames()[0].pixels)
    views = {**sound.views, "scene": View(view.facts, {**view.arrays, **change})}
    object.__setattr__(lying, "views", views)
    with pytest.raises(ParserFailed):
        scene_of(lying)


def test_a_scene_that_could_not_be_read() -> None:
    unread = media(noise(8, 8))
    with pytest.raises(InvalidInput) as caught:
        scene_of(unread)
    assert caught.value.field == "media"


def test_what_is_no_scene_has_an_empty_view() -> None:
    view = read.parse(Request([b"\x89PNG\r\n\x1a\n"], "image/png", Limits()))
    assert (view.facts, view.arrays, view.error) == ({}, {}, "")
