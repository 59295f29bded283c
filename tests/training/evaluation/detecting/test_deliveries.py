"""Deliveries and the normal form: files of what they say, the same twice, whatever the picture is."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from core.media import Pixels
from tests.detectors.making import halved
from training.evaluation.detecting.deliveries import DELIVERIES
from training.evaluation.detecting.normal import SIDE, normal, window

FORMATS = {"jpeg": "JPEG", "webp": "WEBP", "three": "JPEG"}
SHAPES = ((1, 1, 3), (1, 300, 3), (70, 2, 3), (33, 47, 3))


def opened(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data)) as picture:
        picture.load()
        return picture


@pytest.mark.parametrize("name", DELIVERIES)
def test_a_delivery_gives_the_file_that_it_is_named_for(name: str) -> None:
    pixels = halved("crab")
    height, width = pixels.shape[:2]
    first, again = (DELIVERIES[name](pixels, np.random.default_rng(4)) for _ in range(2))
    assert first == again
    picture = opened(first)
    assert picture.format == FORMATS.get(name.split("_")[0], "PNG")
    assert not picture.info.keys() & {"exif", "xmp", "icc_profile", "comment", "parameters"}
    if name.startswith("resize"):
        factor = float(name.removeprefix("resize_"))
        assert picture.size == (round(width * factor), round(height * factor))
    elif name in ("thumbnail_64", "webp_75") or name.startswith("blur"):
        assert picture.size == (width, height)
    assert np.corrcoef(_shrunk(np.asarray(picture.convert("RGB"))), _shrunk(pixels))[0, 1] > 0.7


def _shrunk(pixels: Pixels) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return cv2.resize(pixels, (16, 16), interpolation=cv2.INTER_AREA).astype(np.float64).ravel()


@pytest.mark.parametrize("name", DELIVERIES)
@pytest.mark.parametrize("shape", SHAPES)
def test_pictures_of_any_size_are_delivered(name: str, shape: tuple[int, ...]) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, shape).astype(np.uint8)
    assert min(opened(DELIVERIES[name](pixels, np.random.default_rng(1))).size) >= 1


def test_what_a_delivery_takes_away_is_gone() -> None:
    """Milder deliveries of a kind come first and change less."""
    pixels = halved("fig")

    def change(name: str) -> float:
        made = np.asarray(opened(DELIVERIES[name](pixels, np.random.default_rng(0))).convert("RGB"))
        back = cv2.resize(made, pixels.shape[1::-1], interpolation=cv2.INTER_CUBIC)
        return float(np.abs(back.astype(float) - pixels).mean())

    for mild, strong in (("jpeg_95", "jpeg_40"), ("blur_0.5", "blur_2"), ("resize_0.75", "resize_0.25")):
        assert change(mild) < change(strong)
    assert change("thumbnail_64") > change("resize_0.5")


@given(st.integers(1, 900), st.integers(1, 900))
def test_every_picture_comes_to_one_size(height: int, width: int) -> None:
    assert window(np.zeros((height, width), np.uint8), cv2.INTER_AREA).shape == (SIDE, SIDE)


def test_the_normal_form_is_one_encoding_without_metadata() -> None:
    pictures = [opened(normal(each)) for each in (halved("crab"), halved("fig")[:400, :300], halved("stream")[:40])]
    assert {picture.format for picture in pictures} == {"JPEG"}
    assert {picture.size for picture in pictures} == {(SIDE, SIDE)}
    tables = [picture.quantization for picture in pictures]  # type: ignore[attr-defined]
    assert tables[0] == tables[1] == tables[2]
    assert all("exif" not in picture.info for picture in pictures)


def test_the_window_of_a_mask_is_that_of_its_picture() -> None:
    pixels = np.zeros((600, 900, 3), np.uint8)
    pixels[200:420, 300:500] = 255
    mask = pixels[..., 0]
    assert np.array_equal(window(pixels, cv2.INTER_AREA)[..., 0], window(mask, cv2.INTER_AREA))
