"""What is too plain to carry a trace gets no confident number."""

from __future__ import annotations

import numpy as np
import pytest

from core.media import Pixels
from detectors.base import Verdict
from detectors.manipulation.detector import ManipulationDetector
from detectors.resampling import ResamplingDetector
from detectors.texture import LEAST, TOO_PLAIN, texture
from tests.detectors.making import coded, media, photograph

SIDE = 300
RAMP = np.linspace(0, 255, SIDE).astype(np.uint8)


def grey(values: np.typing.NDArray[np.uint8]) -> Pixels:
    return np.repeat(np.broadcast_to(values, (SIDE, SIDE))[..., None], 3, axis=2)


HALVES = np.where(np.arange(SIDE) < SIDE // 2, 0, 255).astype(np.uint8)
PLAIN = {"white": grey(np.array([255], np.uint8)), "gradient": grey(RAMP), "halves": grey(HALVES)}


@pytest.fixture(scope="module")
def localiser() -> ManipulationDetector:
    return ManipulationDetector.load(device="cpu")


@pytest.mark.parametrize("name", PLAIN)
def test_nothing_is_said_of_what_shows_nothing(name: str, localiser: ManipulationDetector) -> None:
    shown = media(coded(PLAIN[name]))
    for detector in (localiser, ResamplingDetector()):
        (finding,) = detector.detect([shown])
        assert (finding.verdict, finding.codes) == (Verdict.ABSTAINED, (TOO_PLAIN,))
        assert finding.probability is None


@pytest.mark.parametrize("name", ["stream", "dandelion", "colosseum"])
def test_photographs_have_texture(name: str) -> None:
    assert texture(photograph(name)) > 5 * LEAST


def test_a_single_row_has_none() -> None:
    assert texture(np.zeros((1, 500, 3), np.uint8)) == 0.0
