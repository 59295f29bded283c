"""The report of what an enhancer did: right on pictures whose figures are known, and bounded for any."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from core.media import Frame, Pixels
from generators import fidelity
from generators.base import Output
from tests.generators.pictures import noise, photo


def enlarged(pixels: Pixels, scale: int) -> Pixels:
    height, width = pixels.shape[:2]
    return np.asarray(Image.fromarray(pixels).resize((width * scale, height * scale), Image.Resampling.BICUBIC))


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 4), st.integers(0, 9))
@settings(max_examples=40, deadline=None)
def test_every_size_has_a_report_of_finite_figures(height: int, width: int, scale: int, seed: int) -> None:
    found = fidelity.report(noise(height, width, seed), noise(height * scale, width * scale, seed + 1))
    assert found.keys() <= set(fidelity.NAMES)
    assert all(0 <= value < 1e6 for value in found.values())
    assert (fidelity.MEAN_CHANGE in found) == (scale == 1)


def test_a_picture_is_faithful_to_itself() -> None:
    pixels = photo("fig.jpg", 300, 300)
    found = fidelity.report(pixels, pixels)
    assert found[fidelity.MEAN_CHANGE] == 0
    assert found[fidelity.SHARPNESS_BEFORE] == found[fidelity.SHARPNESS_AFTER] > 0
    assert found[fidelity.NOISE_BEFORE] == found[fidelity.NOISE_AFTER]


def test_the_change_is_the_one_that_was_made() -> None:
    grey = np.full((64, 64, 3), 100, np.uint8)
    assert fidelity.report(grey, grey + 7)[fidelity.MEAN_CHANGE] == 7
    assert fidelity.report(grey, grey - 7)[fidelity.MEAN_CHANGE] == 7


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_an_enlargement_is_consistent_and_another_picture_is_not(scale: int) -> None:
    pixels = photo("dogs.jpg", 90, 120)
    found = fidelity.report(pixels, enlarged(pixels, scale))
    assert found[fidelity.CONSISTENCY_RMSE] < 4
    brighter = np.minimum(enlarged(np.minimum(pixels, 200), scale) + 50, 255).astype(np.uint8)
    assert fidelity.report(np.minimum(pixels, 200), brighter)[fidelity.CONSISTENCY_RMSE] == pytest.approx(50, abs=3)
    other = fidelity.report(pixels, noise(90 * scale, 120 * scale))
    assert other[fidelity.CONSISTENCY_MAX] > other[fidelity.CONSISTENCY_RMSE] > 30


def test_blur_and_noise_are_seen() -> None:
    pixels = photo("fig.jpg", 200, 200)
    blurred = np.asarray(cv2.GaussianBlur(pixels, (0, 0), 2.0), np.uint8)
    softer = fidelity.report(pixels, blurred)
    assert softer[fidelity.SHARPNESS_AFTER] < softer[fidelity.SHARPNESS_BEFORE] / 2
    rng = np.random.default_rng(0)
    noisy = np.clip(blurred + rng.normal(0, 20, blurred.shape), 0, 255).astype(np.uint8)
    assert fidelity.report(blurred, noisy)[fidelity.NOISE_AFTER] == pytest.approx(20, rel=0.2)


def test_no_more_than_a_few_pieces_are_looked_at() -> None:
    flat = np.full((3000, 3000, 3), 128, np.uint8)
    changed = flat.copy()
    changed[300:800] = 0  # between the first two rows of pieces
    assert fidelity.report(flat, changed)[fidelity.MEAN_CHANGE] == 0


def test_the_report_joins_what_a_model_says_itself() -> None:
    pixels = noise(8, 8)
    output = Output(b"", "image/png", Frame(pixels), {"memorised": 0})
    notes = fidelity.reported(pixels, output).notes
    assert notes["memorised"] == 0
    assert fidelity.figures_in(notes) == fidelity.report(pixels, pixels)
    assert fidelity.figures_in({"memorised": 0}) == {}
