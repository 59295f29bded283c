"""What a verdict says about the picture it was read in, and how it draws where."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from detectors.verdicts.heat import heatmap
from detectors.verdicts.quality import quality_of
from tests.detectors.making import coded, drawn, halved, media


def test_a_jpeg_says_its_quality_and_a_png_has_none() -> None:
    assert quality_of(media(coded(halved("fig"), "JPEG", quality=60))).jpeg == 60
    assert "quality.jpeg" not in quality_of(media(coded(halved("fig")))).measurements()


def test_blur_lowers_sharpness_and_noise_raises_noise() -> None:
    plain = halved("crab")
    noisy = np.clip(plain + np.random.default_rng(1).normal(0, 12, plain.shape), 0, 255).astype(np.uint8)
    blurred = np.asarray(cv2.GaussianBlur(plain, (0, 0), 3), np.uint8)
    sharp, soft, rough = (quality_of(media(coded(each))) for each in (plain, blurred, noisy))
    assert sharp.sharpness is not None
    assert soft.sharpness is not None
    assert sharp.sharpness > soft.sharpness + 0.1
    assert sharp.noise is not None
    assert rough.noise is not None
    assert 5 < rough.noise - sharp.noise < 14


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 300, 3), (16, 16, 3), (15, 400, 3), (2000, 20, 3)])
@pytest.mark.parametrize("value", [0, 255, None])
def test_every_picture_has_a_quality(shape: tuple[int, ...], value: int | None) -> None:
    rng = np.random.default_rng(2)
    pixels = rng.integers(0, 256, shape, np.uint8) if value is None else np.full(shape, value, np.uint8)
    found = quality_of(media(coded(pixels)))
    assert (found.short_side, found.long_side) == tuple(sorted(shape[:2]))
    assert (found.sharpness is None) == (found.noise is None) == (found.short_side < 16)
    assert all(np.isfinite(value) for value in found.measurements().values())


@pytest.mark.parametrize("axis", [0, 1])
def test_stripes_have_edges_along_one_axis(axis: int) -> None:
    stripes = np.repeat(np.indices((64, 64))[axis][..., None] // 4 % 2 * 255, 3, axis=2).astype(np.uint8)
    found = quality_of(media(coded(stripes)))
    assert found.noise == 0.0
    assert found.sharpness is not None
    assert found.sharpness > 0.3


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 64), st.integers(1, 64))
def test_a_map_becomes_a_mask_of_the_pictures_size(high: int, wide: int, height: int, width: int) -> None:
    evidence = heatmap(np.random.default_rng(3).random((high, wide), np.float32), None, (width, height))
    assert (evidence.kind, evidence.mime) == ("mask", "image/png")
    assert drawn(evidence).shape == (height, width)


def test_a_mask_is_white_where_it_was_seen() -> None:
    heat = np.zeros((8, 8), np.float32)
    heat[:, 4:], heat[0, 0], heat[1, 1] = 1.0, np.nan, np.inf
    mask = drawn(heatmap(heat, None, (64, 64), "here"))
    assert mask[:, 40:].min() == 255
    assert mask[:, :24].max() == 0


def test_colour_fades_where_the_map_is_not_to_be_trusted() -> None:
    heat, sure = np.ones((4, 4), np.float32), np.ones((4, 4), np.float32)
    sure[:, :2] = 0.0
    evidence = heatmap(heat, sure, (40, 40))
    with Image.open(io.BytesIO(evidence.data)) as picture:
        colours = np.asarray(picture.convert("RGB"), np.int32)
    spread = colours.max(axis=2) - colours.min(axis=2)
    assert evidence.kind == "picture"
    assert spread[:, :10].max() == 0
    assert spread[:, 30:].min() > 60


def test_a_map_of_a_huge_picture_is_small_for_eyes_and_whole_as_a_mask() -> None:
    values = np.linspace(0, 1, 12, dtype=np.float32).reshape(3, 4)
    for_eyes, mask = heatmap(values, values, (4000, 3000)), heatmap(values, None, (4000, 3000))
    assert Image.open(io.BytesIO(for_eyes.data)).size == (2048, 1536)
    assert Image.open(io.BytesIO(mask.data)).size == (4000, 3000)
