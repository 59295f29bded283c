"""Methods without a network: their laws, what they gain, and that tiles cannot be told from the whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from core.errors import InvalidInput, LimitExceeded
from core.media import Frame, Pixels
from core.registry import Registry
from generators import catalog, tiling, upscale
from generators.base import Generator
from generators.classical import interpolation
from generators.classical.filtering import Filter, apply
from generators.classical.table import FILTERS
from generators.parameters import parse
from generators.probing import blur_sigma
from tests.generators.pictures import job, make, media, noise, photo, psnr

DENOISERS = ("tv", "wavelet", "bilateral")
DEBLURRERS = ("richardson_lucy", "wiener")
METHODS = tuple(interpolation.METHODS)
BY_NAME = {each.name: each for each in FILTERS}
SIMPLY: Mapping[str, str] = {}
SIZES = st.integers(1, 40)


def noisy(pixels: Pixels, sigma: float) -> Pixels:
    rng = np.random.default_rng(0)
    made: Pixels = np.rint(np.clip(pixels + rng.normal(0, sigma, pixels.shape), 0, 255)).astype(np.uint8)
    return made


def told(name: str, sigma: str) -> dict[str, str]:
    """What makes a filter work on a picture in which it would find nothing to do."""
    if name in DENOISERS:
        return {"sigma": sigma}
    return {"blur": "1.5"} if name in DEBLURRERS else {}


def filtered(name: str, pixels: Pixels, wire: Mapping[str, str] = SIMPLY, plan: tiling.Plan | None = None) -> Pixels:
    """What a request gets, before it is written. plan: other tiles than the filter's own."""
    chosen: Filter = BY_NAME[name]
    prepared = chosen.prepare(pixels, parse(chosen.parameters, wire))
    if prepared and plan:
        prepared = replace(prepared, plan=plan)
    return apply(prepared, Frame(pixels), lambda _: None, lambda: False).pixels


@given(st.sampled_from(METHODS), st.sampled_from(interpolation.FACTORS), SIZES, SIZES, st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_interpolation_keeps_proportions_and_flat_colours(
    method: str, factor: int, height: int, width: int, colour: int
) -> None:
    flat = np.broadcast_to(np.frombuffer(colour.to_bytes(4, "big")[:3], np.uint8), (height, width, 3))
    made = interpolation.Interpolation(method, factor)(np.ascontiguousarray(flat))
    assert made.shape == (height * factor, width * factor, 3)
    assert (made == flat[0, 0]).all()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("factor", interpolation.FACTORS)
def test_tiles_of_interpolation_cannot_be_told_from_the_whole(method: str, factor: int) -> None:
    pixels = photo("dogs.jpg", 270, 290)
    enlarger = interpolation.Interpolation(method, factor)
    tiled = upscale.enlarge(enlarger, pixels, lambda _: None, lambda: False, tiling.Plan(100, 16))
    assert np.abs(tiled.astype(int) - enlarger(pixels)).max() <= 1


def test_interpolators_keep_to_the_budget(generators: Registry[Generator]) -> None:
    small = catalog.build(catalog.WEIGHTS, "cpu", max_pixels=100)
    with pytest.raises(LimitExceeded):
        small.get("lanczos").batch_key(job(generators.get("lanczos"), media(noise(6, 6)), scale="2"))
    with pytest.raises(InvalidInput):
        job(generators.get("bicubic"), media(noise(6, 6)), scale="5")


@given(st.sampled_from(sorted(BY_NAME)), SIZES, SIZES, st.binary(min_size=3, max_size=3))
@settings(max_examples=60, deadline=None)
def test_a_picture_of_one_colour_stays_one(name: str, height: int, width: int, colour: bytes) -> None:
    flat = np.ascontiguousarray(np.broadcast_to(np.frombuffer(colour, np.uint8), (height, width, 3)))
    made = filtered(name, flat, told(name, "25")).astype(int)
    assert made.shape == flat.shape
    assert (made == made[0, 0]).all()
    if name != "clahe":  # evens out the histogram, which moves even a single colour by a few steps
        assert (made == flat).all()


@given(st.sampled_from(sorted(BY_NAME)), st.integers(0, 2**16))
@settings(max_examples=25, deadline=None)
def test_black_and_white_never_wrap(name: str, seed: int) -> None:
    """A step between the extremes: whatever overshoots there must stop at the end of the range."""
    random = np.random.default_rng(seed)
    edge = int(random.integers(8, 32))
    pixels = np.zeros((24, 40, 3), np.uint8)
    pixels[:, edge:] = 255
    made = filtered(name, pixels, told(name, "10")).astype(int)
    assert made[:, : edge - 6].max(initial=0) < 128
    assert made[:, edge + 6 :].min(initial=255) >= 128


@pytest.mark.parametrize(
    ("name", "told"),
    [
        *((name, {"sigma": "25"}) for name in DENOISERS),
        ("clahe", {"region": "64", "clip": "3"}),
        ("clahe", {}),
        ("unsharp", {"radius": "8"}),
        *((name, {"blur": blur}) for name in DEBLURRERS for blur in ("1", "2.5")),
    ],
)
def test_tiles_cannot_be_told_from_the_whole(name: str, told: dict[str, str]) -> None:
    pixels = noisy(photo("colosseum.jpg", 300, 540), 20)
    tiled = filtered(name, pixels, told).astype(int)
    whole = filtered(name, pixels, told, tiling.Plan(1024, 0))
    assert np.abs(tiled - whole).max() <= 1


@pytest.mark.parametrize("name", DENOISERS)
@pytest.mark.parametrize(("sigma", "gain"), [(15, 3.0), (25, 4.5), (50, 6.0)])
def test_noisy_photographs_come_out_nearer_the_clean_ones(name: str, sigma: int, gain: float) -> None:
    for picture in ("fig.jpg", "dandelion.jpg"):
        original = photo(picture, 160, 160)
        spoilt = noisy(original, sigma)
        before = psnr(spoilt, original)
        assert psnr(filtered(name, spoilt), original) > before + gain
        assert psnr(filtered(name, spoilt, {"sigma": str(sigma)}), original) > before + gain


@pytest.mark.parametrize("name", DENOISERS)
def test_a_clean_picture_is_left_alone(name: str) -> None:
    ramp = np.broadcast_to(np.arange(64, dtype=np.uint8)[None, :, None] * 2, (64, 64, 3))
    assert np.array_equal(filtered(name, ramp), ramp)


def test_blurred_photographs_come_out_nearer_the_sharp_ones() -> None:
    for picture in ("fig.jpg", "mountains.jpg"):
        original = photo(picture, 160, 160)
        blurred = np.asarray(cv2.GaussianBlur(original, (0, 0), 1.0), np.uint8)
        assert psnr(filtered("unsharp", blurred), original) > psnr(blurred, original) + 0.8


@pytest.mark.parametrize("name", DEBLURRERS)
@pytest.mark.parametrize(("sigma", "gain"), [(1.0, 1.5), (1.5, 1.0), (2.0, 0.8)])
def test_what_a_lens_blurred_comes_out_nearer_the_sharp_one(name: str, sigma: float, gain: float) -> None:
    for picture in ("fig.jpg", "mountains.jpg"):
        original = photo(picture, 160, 160)
        spoilt = noisy(np.asarray(cv2.GaussianBlur(original, (0, 0), sigma), np.uint8), 1)
        before = psnr(spoilt, original)
        assert psnr(filtered(name, spoilt, {"blur": str(sigma)}), original) > before + gain
        if sigma > 1:  # the fig's fine hairs look sharp even then
            assert psnr(filtered(name, spoilt), original) > before + gain


@pytest.mark.parametrize("name", DEBLURRERS)
def test_a_picture_without_blur_or_edges_is_left_alone(name: str) -> None:
    for pixels in (photo("stream.jpg", 96, 96), np.full((64, 64, 3), 7, np.uint8), noise(8, 8)):
        assert np.array_equal(filtered(name, pixels), pixels)


@pytest.mark.parametrize("sigma", [1.0, 1.5, 2.0, 3.0])
def test_the_width_of_a_blur_is_found(sigma: float) -> None:
    found = []
    for picture in ("fig.jpg", "mountains.jpg", "crab.jpg", "dogs.jpg", "colosseum.jpg"):
        soft = cv2.GaussianBlur(photo(picture, 256, 256), (0, 0), sigma)
        found.append(blur_sigma(noisy(np.asarray(soft, np.uint8), 1)))
    assert np.median(found) == pytest.approx(sigma, abs=0.5)


def test_unsharp_of_nothing_and_below_its_threshold_is_the_picture() -> None:
    pixels = photo("fig.jpg", 40, 50)
    assert np.array_equal(filtered("unsharp", pixels, {"amount": "0"}), pixels)
    faint = np.full((40, 50, 3), 100, np.uint8)
    faint[:, 25:] = 104
    assert np.array_equal(filtered("unsharp", faint, {"threshold": "8"}), faint)
    assert not np.array_equal(filtered("unsharp", faint), faint)


def test_contrast_grows_with_the_limit_and_colours_keep_their_differences() -> None:
    dull = np.asarray(Image.fromarray(photo("crab.jpg", 128, 128)).point(lambda value: 100 + value // 8), np.uint8)
    little, much = (filtered("clahe", dull, {"clip": clip}) for clip in ("1.5", "8"))
    assert dull.std() < little.std() < much.std()
    chroma = [each[..., 0].astype(int) - each[..., 2] for each in (dull, little)]
    assert np.array_equal(chroma[0], chroma[1])


def test_alpha_is_untouched(generators: Registry[Generator]) -> None:
    alpha = noise(20, 30)[..., 0]
    for name in BY_NAME:
        frame = make(generators.get(name), media(photo("fig.jpg", 20, 30), alpha))[0].frame
        assert frame.alpha is alpha


def test_every_filter_says_its_settings_where_they_are_refused(generators: Registry[Generator]) -> None:
    for name, wire in (
        ("tv", {"sigma": "101"}),
        ("clahe", {"region": "100"}),
        ("unsharp", {"radius": "0.1"}),
        ("wiener", {"blur": "5"}),
    ):
        with pytest.raises(InvalidInput) as refusal:
            parse(generators.get(name).parameters, wire)
        assert refusal.value.field == f"parameters.{next(iter(wire))}"
