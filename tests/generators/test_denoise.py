"""Non-local means: cleaner photographs, an honest estimate of the noise, and no tile edges."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import InvalidInput
from core.media import Pixels
from core.registry import Registry
from generators import denoise, tiling
from generators.base import Generator
from generators.probing import noise_level
from tests.generators.pictures import make, media, noise, photo, psnr


def noisy(pixels: Pixels, sigma: float) -> Pixels:
    rng = np.random.default_rng(0)
    made: Pixels = np.rint(np.clip(pixels + rng.normal(0, sigma, pixels.shape), 0, 255)).astype(np.uint8)
    return made


def cleaned(generator: Generator, pixels: Pixels, **settings: str) -> Pixels:
    return make(generator, media(pixels), **settings)[0].frame.pixels


@pytest.fixture
def nlm(generators: Registry[Generator]) -> Generator:
    return generators.get("nlm")


@pytest.mark.parametrize(("sigma", "gain"), [(15, 3.0), (25, 5.0), (50, 6.0)])
def test_noisy_photographs_come_out_nearer_the_clean_ones(nlm: Generator, sigma: int, gain: float) -> None:
    for name in ("fig.jpg", "dandelion.jpg"):
        original = photo(name, 160, 160)
        spoilt = noisy(original, sigma)
        before = psnr(spoilt, original)
        assert psnr(cleaned(nlm, spoilt), original) > before + gain
        assert psnr(cleaned(nlm, spoilt, sigma=str(sigma)), original) > before + gain


@pytest.mark.parametrize("sigma", [5, 15, 25])
def test_the_noise_level_is_found(sigma: int) -> None:
    assert noise_level(noisy(photo("dandelion.jpg", 300, 400), sigma)) == pytest.approx(sigma, rel=0.2)


def test_a_black_corner_does_not_hide_the_noise_level() -> None:
    pixels = noisy(np.full((1024, 1024, 3), 120, np.uint8), 10)
    pixels[:256, :256] = 0
    assert noise_level(pixels) == pytest.approx(10, rel=0.1)


@pytest.mark.parametrize("colour", [0, 120, 255])
def test_a_picture_of_one_colour_has_no_noise(nlm: Generator, colour: int) -> None:
    flat = np.full((48, 64, 3), colour, np.uint8)
    assert noise_level(flat) == pytest.approx(0.0, abs=1e-6)
    assert np.array_equal(cleaned(nlm, flat), flat)


def test_the_estimate_reads_no_more_of_a_large_picture() -> None:
    flat = np.full((2000, 2000, 3), 128, np.uint8)
    flat[300:500] = noise(200, 2000)  # between the pieces that are looked at
    assert noise_level(flat) == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (15, 400), (400, 15)])
def test_pictures_too_small_to_tell_are_left_alone(nlm: Generator, height: int, width: int) -> None:
    pixels = noise(height, width)
    assert np.array_equal(cleaned(nlm, pixels), pixels)
    assert not np.array_equal(cleaned(nlm, pixels, sigma="60"), pixels) or height * width == 1


def test_a_clean_gradient_is_left_alone(nlm: Generator) -> None:
    ramp = np.broadcast_to(np.arange(64, dtype=np.uint8)[None, :, None] * 2, (64, 64, 3))
    assert np.array_equal(cleaned(nlm, ramp), ramp)


def test_a_stated_level_counts_more_than_the_estimate(nlm: Generator) -> None:
    spoilt = noisy(photo("fig.jpg", 64, 64), 25)
    light, strong = (cleaned(nlm, spoilt, sigma=sigma).astype(int) for sigma in ("5", "40"))
    assert np.abs(light - spoilt).mean() < np.abs(strong - spoilt).mean()


def test_tiles_cannot_be_told_from_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = noisy(photo("colosseum.jpg", 270, 280), 25)
    tiled = denoise.denoise(pixels, 25, lambda _: None, lambda: False)
    monkeypatch.setattr(denoise, "_PLAN", tiling.Plan(size=300, margin=0))
    whole = denoise.denoise(pixels, 25, lambda _: None, lambda: False)
    assert np.abs(tiled.astype(int) - whole).max() <= 1


def test_levels_out_of_range_are_refused(nlm: Generator) -> None:
    with pytest.raises(InvalidInput) as refusal:
        cleaned(nlm, noise(4, 4), sigma="101")
    assert refusal.value.field == "parameters.sigma"
