"""Interpolation found where it leaves a line, and abstention where it cannot."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.media import Pixels
from detectors.base import Finding, Verdict
from detectors.interpolation import Settings, strongest
from detectors.resampling import LEAST_SIDE, ResamplingDetector
from tests.detectors.making import coded, drawn, halved, media
from training.evaluation.forgeries import to_jpeg

# Halved photographs of tests/media count as not resampled: a strong reduction leaves no line.
NAMES = ("mountains", "dogs", "jaguars", "crab")


def scaled(name: str, factor: float, filter_: int = cv2.INTER_CUBIC) -> Pixels:
    return np.asarray(cv2.resize(halved(name), None, fx=factor, fy=factor, interpolation=filter_), dtype=np.uint8)


def examine(data: bytes) -> Finding:
    return ResamplingDetector().detect([media(data)])[0]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("factor", [1.22, 1.6 + 0.05, 1.85])
def test_enlargement_is_found_with_its_factor(name: str, factor: float) -> None:
    finding = examine(coded(scaled(name, factor)))
    assert finding.verdict is Verdict.DETECTED
    assert finding.codes == ("resampling.periodic",)
    assert finding.probability is not None
    assert finding.probability > 0.6
    # Of the new grid, or of the four-pixel grid that halving left of the photograph's JPEG blocks.
    frequency = dict(finding.measurements)["resampling.frequency"]
    known = [harmonic / 4 / factor for harmonic in range(1, 9)]
    assert min(abs(frequency - abs(each - round(each))) for each in known) < 0.004
    assert [drawn(evidence).shape for evidence in finding.evidence] == [(256, 640)]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("quality", [0, 90])
def test_what_was_not_enlarged_is_not_taken_for_it(name: str, quality: int) -> None:
    finding = examine(to_jpeg(halved(name), quality) if quality else coded(halved(name)))
    assert finding.verdict is Verdict.NOT_DETECTED
    assert finding.probability is not None
    assert finding.probability < 0.8


def test_a_fine_jpeg_keeps_the_trace_and_a_coarse_one_is_an_abstention() -> None:
    enlarged = scaled("jaguars", 1.85)
    assert examine(to_jpeg(enlarged, 95)).verdict is Verdict.DETECTED
    assert examine(to_jpeg(enlarged, 70)).codes == ("jpeg.coarse",)


def test_small_pictures_are_an_abstention() -> None:
    finding = examine(coded(np.ascontiguousarray(halved("dogs")[: LEAST_SIDE - 1])))
    assert finding.codes == ("picture.too_small",)
    assert finding.verdict is Verdict.ABSTAINED


def test_a_fence_repeats_along_one_axis_only() -> None:
    noise = np.random.default_rng(1).normal(128, 20, (400, 400))
    fence = noise + 60 * np.sign(np.sin(np.arange(400) * 2 * np.pi / 6.3))[None]
    pixels = np.repeat(np.clip(fence, 0, 255).astype(np.uint8)[..., None], 3, axis=2)
    assert examine(coded(pixels)).verdict is Verdict.NOT_DETECTED


@given(st.integers(64, 300), st.integers(64, 300), st.integers(0, 255))
def test_a_flat_picture_has_no_line(height: int, width: int, grey: int) -> None:
    found = strongest(np.full((height, width, 3), grey, np.uint8), Settings())
    assert math.isfinite(found.strength)
    assert found.strength < 1
