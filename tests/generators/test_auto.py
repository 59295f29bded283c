"""The task "auto": what it finds, what it chooses, and that it is the chosen generator's work."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.media import Media, Pixels, View
from core.registry import Registry
from generators import auto
from generators.auto import LEAST_BLUR, LEAST_NOISE, LEAST_QUALITY, PLAN, Look, choose
from generators.base import Generator
from tests.generators.pictures import make, media, noise, photo

SHARP = LEAST_BLUR / 2


@pytest.fixture
def chooser(generators: Registry[Generator]) -> Generator:
    return generators.get("auto")


def noisy(pixels: Pixels, sigma: float) -> Pixels:
    rng = np.random.default_rng(0)
    made: Pixels = np.rint(np.clip(pixels + rng.normal(0, sigma, pixels.shape), 0, 255)).astype(np.uint8)
    return made


def blurred(pixels: Pixels, sigma: float) -> Pixels:
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), sigma), np.uint8)


def jpeg(pixels: Pixels, quality: int) -> Media:
    """As the sandbox would hand over a JPEG of that quality."""
    source = media(pixels, mime="image/jpeg")
    return replace(source, views={**source.views, "jpeg": View(facts={"quality": quality})})


@pytest.mark.parametrize(
    ("found", "task", "why"),
    [
        (Look(LEAST_NOISE, 0.9, 20), "denoise", "noise is at least"),
        (Look(LEAST_NOISE - 0.1, SHARP, None), "", "sharper"),
        (Look(0.0, LEAST_BLUR, None), "sharpen", "sharpest part"),
        (Look(0.0, LEAST_BLUR, LEAST_QUALITY), "sharpen", "sharpest part"),
        (Look(0.0, LEAST_BLUR, LEAST_QUALITY - 1), "", "JPEG blocks"),
    ],
)
def test_the_choice_at_each_limit(found: Look, task: str, why: str) -> None:
    choice = choose(found)
    assert choice.task == task
    assert why in choice.why


@pytest.mark.parametrize("blur", [SHARP, LEAST_BLUR])
def test_a_strongly_compressed_picture_goes_to_a_denoiser_that_repairs_it(blur: float) -> None:
    choice = choose(Look(0.0, blur, LEAST_QUALITY - 1), repairs_jpeg=True)
    assert (choice.task, choice.settings) == ("denoise", ())
    assert choose(Look(0.0, blur, LEAST_QUALITY), repairs_jpeg=True) == choose(Look(0.0, blur, LEAST_QUALITY))


@given(st.floats(0, 300), st.floats(0, 1), st.none() | st.integers(1, 100), st.booleans())
def test_every_choice_has_a_reason_and_settings_that_its_generator_takes(
    level: float, blur: float, quality: int | None, repairs: bool
) -> None:
    choice = choose(Look(level, blur, quality), repairs_jpeg=repairs)
    assert choice.why
    assert choice.task in {"", "denoise", "sharpen"}
    assert all(0 <= float(value) <= 100 for _, value in choice.settings)


def test_noise_is_removed_as_the_denoiser_would(chooser: Generator, generators: Registry[Generator]) -> None:
    spoilt = media(noisy(photo("fig.jpg", 96, 96), 25))
    output = make(chooser, spoilt)[0]
    assert str(output.notes[PLAN]).startswith("denoise by nafnet: noise is at least 10 (noise 2")
    assert np.array_equal(output.frame.pixels, make(generators.get("nafnet"), spoilt)[0].frame.pixels)


def test_blur_is_sharpened_as_the_sharpener_would(chooser: Generator, generators: Registry[Generator]) -> None:
    soft = media(blurred(photo("fig.jpg", 200, 200), 2.0))
    output = make(chooser, soft)[0]
    assert str(output.notes[PLAN]).startswith("sharpen by unsharp: ")
    assert np.array_equal(output.frame.pixels, make(generators.get("unsharp"), soft)[0].frame.pixels)


def test_a_jpeg_of_low_quality_is_repaired(chooser: Generator, generators: Registry[Generator]) -> None:
    source = jpeg(photo("stream.jpg", 96, 96), 30)
    output = make(chooser, source)[0]
    assert str(output.notes[PLAN]).startswith("denoise by nafnet: the quality of the JPEG is below 60")
    assert np.array_equal(output.frame.pixels, make(generators.get("nafnet"), source)[0].frame.pixels)


def test_without_a_denoiser_that_repairs_jpeg_blurred_jpegs_and_sharp_pictures_are_left_alone(
    generators: Registry[Generator],
) -> None:
    sharp, soft = photo("stream.jpg", 200, 200), blurred(photo("fig.jpg", 200, 200), 2.0)
    chooser = auto.Auto(generators.get("nlm"), generators.get("unsharp"), generators.get("auto").card)
    noisy_output = make(chooser, media(noisy(photo("fig.jpg", 96, 96), 25)))[0]
    assert str(noisy_output.notes[PLAN]).startswith("denoise by nlm: noise")
    for source in (media(sharp), jpeg(soft, 30)):
        output = make(chooser, source)[0]
        assert str(output.notes[PLAN]).startswith("nothing: ")
        assert np.array_equal(output.frame.pixels, source.frames()[0].pixels)
        assert output.notes["mean_change"] == 0
    assert "JPEG quality 30" in str(make(chooser, jpeg(soft, 30))[0].notes[PLAN])


def test_a_soft_background_is_no_blur() -> None:
    sharp = photo("stream.jpg", 300, 600).copy()
    sharp[:, 300:] = blurred(sharp, 4.0)[:, 300:]
    assert auto.blur(sharp) < LEAST_BLUR


@pytest.mark.parametrize("pixels", [noise(1, 1), noise(15, 400), np.full((64, 64, 3), 90, np.uint8)])
def test_where_nothing_can_be_told_nothing_is_done(chooser: Generator, pixels: Pixels) -> None:
    assert auto.blur(pixels) == 0
    assert str(make(chooser, media(pixels))[0].notes[PLAN]).startswith("nothing: ")
