from __future__ import annotations

import math

import numpy as np
import pytest
from PIL import Image

from core.errors import InvalidInput
from core.media import Pixels
from core.watermark.weights import shipped
from generators.marking.watermark import Embedder, psnr
from tests.detectors.making import photograph


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return Embedder.load(shipped())


@pytest.mark.parametrize("name", ["crab", "mountains", "stream"])
def test_a_mark_costs_what_it_says_and_no_more(embedder: Embedder, name: str) -> None:
    before = photograph(name)
    marked = embedder.embed(before, 1)
    assert marked.pixels.shape == before.shape
    assert marked.psnr == pytest.approx(psnr(before, marked.pixels))
    assert 39 < marked.psnr < 50
    assert np.abs(marked.pixels.astype(int) - before).max() < 40


def test_the_same_picture_and_identifier_give_the_same_pixels(embedder: Embedder) -> None:
    before = photograph("fig")[:300, :300]
    kept = before.copy()
    first, again, other = (embedder.embed(before, identifier).pixels for identifier in (3, 3, 4))
    assert (first == again).all()
    assert (first != other).any()
    assert (before == kept).all()


def test_alpha_stays_as_it_is(embedder: Embedder) -> None:
    opaque = photograph("dogs")[:256, :256]
    alpha = np.random.default_rng(1).integers(0, 256, (256, 256, 1), dtype=np.uint8)
    made = embedder.embed(np.concatenate([opaque, alpha], axis=2), 9).pixels
    assert (made[..., 3:] == alpha).all()
    assert (made[..., :3] == embedder.embed(opaque, 9).pixels).all()


def test_flat_areas_get_almost_nothing(embedder: Embedder) -> None:
    flat = np.full((256, 256, 3), 120, dtype=np.uint8)
    marked = embedder.embed(flat, 2)
    assert np.abs(marked.pixels.astype(int) - 120).max() <= 6
    assert marked.psnr > 44
    white = embedder.embed(np.full((256, 256, 3), 255, dtype=np.uint8), 2)
    assert white.psnr > 50


@pytest.mark.parametrize("shape", [(128, 128, 3), (129, 257, 3), (64, 300, 3), (1000, 64, 3), (701, 905, 3)])
def test_any_size_from_a_few_tiles_on(embedder: Embedder, shape: tuple[int, ...]) -> None:
    noise = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    assert embedder.embed(noise, 1).pixels.shape == shape


def test_large_pictures_are_marked_at_a_smaller_scale(embedder: Embedder) -> None:
    large = np.asarray(Image.fromarray(photograph("crab")).resize((2048, 1152)), dtype=np.uint8)
    change = embedder.embed(large, 1).pixels.astype(np.float64) - large
    spectrum = np.abs(np.fft.fft2(change[..., 1])) ** 2
    # 14 periods a tile of 144 pixels: nothing is left above a tenth of the sampling rate.
    rows, columns = (np.abs(np.fft.fftfreq(side)) for side in large.shape[:2])
    low = (rows[:, None] < 0.11) & (columns[None] < 0.11)
    assert spectrum[low].sum() > 0.9 * spectrum.sum()


@pytest.mark.parametrize("shape", [(127, 128, 3), (63, 4000, 3), (1, 1, 3), (300, 300), (300, 300, 1), (300, 300, 2)])
def test_what_cannot_carry_a_mark_is_refused(embedder: Embedder, shape: tuple[int, ...]) -> None:
    with pytest.raises(InvalidInput) as refused:
        embedder.embed(np.zeros(shape, dtype=np.uint8), 1)
    assert refused.value.field == "pixels"


def test_equal_pictures_have_no_noise() -> None:
    picture: Pixels = photograph("fig")[:8, :8]
    assert psnr(picture, picture) == math.inf
