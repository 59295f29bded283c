"""Earlier compressions found where they leave a trace, and abstention where they cannot."""

from __future__ import annotations

import re

import numpy as np
import pytest

from core.parsers.jpeg import luma_table
from detectors.base import Finding, Verdict
from detectors.double_quantisation import Settings, trace
from detectors.jpeg_history import JpegHistoryDetector, error_levels
from tests.detectors.making import coded, drawn, halved, media
from training.evaluation.forgeries import from_jpeg, to_jpeg

# Halved photographs of tests/media are uncompressed enough to be compressed once.
NAMES = ("mountains", "dogs", "jaguars", "crab")


def examine(data: bytes) -> Finding:
    return JpegHistoryDetector().detect([media(data)])[0]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("first", "second"), [(60, 75), (70, 95), (85, 95)])
def test_a_coarser_first_compression_is_found_with_its_quality(name: str, first: int, second: int) -> None:
    finding = examine(to_jpeg(from_jpeg(to_jpeg(halved(name), first)), second))
    assert finding.verdict is Verdict.DETECTED
    assert finding.codes == ("jpeg.double",)
    assert finding.probability is not None
    assert finding.probability > 0.7
    said = re.search(r"about quality (\d+), later again at about (\d+)", finding.explanation)
    assert said is not None
    assert abs(int(said[1]) - first) <= 2
    assert int(said[2]) == second
    assert [evidence.kind for evidence in finding.evidence] == ["picture"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("quality", [80, 92])
def test_one_compression_is_no_history(name: str, quality: int) -> None:
    finding = examine(to_jpeg(halved(name), quality))
    assert finding.verdict is Verdict.NOT_DETECTED
    assert finding.probability is not None
    assert finding.probability < 0.5


def test_a_coarse_last_compression_hides_what_was_before() -> None:
    finding = examine(to_jpeg(from_jpeg(to_jpeg(halved("dogs"), 90)), 50))
    assert finding.verdict is Verdict.ABSTAINED
    assert finding.codes == ("jpeg.coarse",)


def test_a_grid_that_was_moved_hides_it_too() -> None:
    first = from_jpeg(to_jpeg(halved("mountains"), 70))
    aligned, moved = first[8:, 8:], first[3:, 5:]
    assert examine(to_jpeg(aligned, 95)).verdict is Verdict.DETECTED
    assert examine(to_jpeg(moved, 95)).verdict is Verdict.NOT_DETECTED


def test_other_formats_and_small_pictures_are_abstentions() -> None:
    assert examine(coded(halved("dogs"), "PNG")).codes == ("jpeg.none",)
    assert examine(to_jpeg(halved("dogs")[:100, :100], 90)).codes == ("jpeg.too_small",)


def test_saturated_blocks_are_not_looked_at() -> None:
    white = np.full((256, 256), 255, np.uint8)
    found = trace(white, np.full((8, 8), 5, np.uint16), Settings())
    assert (found.gain, found.blocks) == (0.0, 0)


def test_error_levels_show_what_was_pasted_without_compression() -> None:
    base = from_jpeg(to_jpeg(halved("crab"), 60))
    pasted = base.copy()
    pasted[40:104, 40:104] = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    evidence = error_levels(pasted)
    levels = drawn(evidence)
    assert levels.shape == pasted.shape[:2]
    assert levels[48:96, 48:96].mean() > 5 * levels[150:, 200:].mean()


def test_large_error_level_pictures_are_reduced() -> None:
    evidence = error_levels(np.zeros((500, 3000, 3), np.uint8))
    levels = drawn(evidence)
    assert max(levels.shape) == 1024


@pytest.mark.parametrize("frequency", [2, 3, 4])
def test_a_pure_wave_whose_coefficients_are_all_out_of_reach_is_no_error(frequency: int) -> None:
    wave = 128 + 100 * np.cos(np.pi * (2 * np.arange(256) + 1) * frequency / 16)
    luma = np.tile(wave.round().astype(np.uint8), (256, 1))
    found = trace(luma, luma_table(90).astype(np.uint16), Settings())
    assert found.blocks == 32 * 32
    assert np.isfinite(found.gain)
