"""In which precision the localiser multiplies is told by the version, and hardly changes what is seen."""

from __future__ import annotations

import numpy as np
import torch

from core.weights import read_manifest
from detectors.manipulation.detector import MANIFEST, NAME, ManipulationDetector, read
from detectors.manipulation.localiser import Localiser
from tests.detectors.making import halved

CLOSE = 0.05
"""Log odds; scores go from -2 to 10."""


def test_half_precision_sees_the_same() -> None:
    network, _ = read(read_manifest(MANIFEST)[NAME])
    pixels = halved("crab")
    full, half = (Localiser(network, torch.device("cpu"), each).look(pixels) for each in (False, True))
    assert abs(full.score - half.score) < CLOSE
    np.testing.assert_allclose(full.heat, half.heat, atol=CLOSE)
    np.testing.assert_array_equal(full.features, half.features)


def test_the_version_says_which() -> None:
    versions = {ManipulationDetector.load(device="cpu", half=half).version for half in (False, True)}
    assert len(versions) == 2
    assert ManipulationDetector.load(device="cpu").version in versions
