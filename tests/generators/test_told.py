"""Denoisers that are told σ: the network of four channels, and what all of them do with what they are told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from core.errors import IntegrityError
from core.media import Frame
from generators import restoration
from generators.auto import PLAN
from generators.base import Card
from generators.learned import MOST_TOLD, ToldDenoiser
from generators.restoration import TOLD
from generators.tiling import Plan, Transform
from generators.told import LEAST, denoised
from tests.generators.networks import compact, pin, told_denoiser
from tests.generators.pictures import make, media, noise, photo

CARD = Card("MIT", "It does.", "It cannot.", "# Card\n")


@pytest.fixture
def denoiser(tmp_path: Path) -> ToldDenoiser:
    network = restoration.load(pin(tmp_path, "told", told_denoiser()), "cpu", TOLD)
    return ToldDenoiser("nafnet_sigma", network, CARD, Plan(64, 32))


def test_the_network_is_given_the_level_everywhere(tmp_path: Path) -> None:
    network = told_denoiser().half().float().eval()  # the file keeps half precision
    pixels = photo("fig.jpg", 24, 32)
    values = torch.tensor(np.array(pixels)).permute(2, 0, 1).float()[None] / 255
    level = torch.full((1, 1, 24, 32), 0.1)
    with torch.inference_mode():
        wanted = network(torch.cat([values, level], dim=1))[0, :3].clamp(0, 1).permute(1, 2, 0).numpy()
    restorer = restoration.load(pin(tmp_path, "told", network), "cpu", TOLD)
    assert restorer.told
    assert np.abs(restorer.at(0.1)(pixels) - np.rint(wanted * 255)).max() <= 1
    floats = (pixels / 255).astype(np.float32)
    np.testing.assert_allclose(restorer.at(0.1)(floats), wanted, atol=1e-4)


def test_a_network_of_four_channels_is_taken_where_it_is_told_and_nowhere_else(tmp_path: Path) -> None:
    four, three = pin(tmp_path, "four", told_denoiser()), pin(tmp_path, "three", compact(2))
    with pytest.raises(IntegrityError, match="RGB to RGB"):
        restoration.load(four, "cpu")
    with pytest.raises(IntegrityError, match="level of noise"):
        restoration.load(three, "cpu", TOLD)
    waiting = restoration.waiting(replace(four, parameters={"scale": 1}), "cpu", TOLD)
    assert waiting.told


def test_what_it_is_told_changes_what_it_makes(denoiser: ToldDenoiser) -> None:
    source = media(noise(40, 40))
    little, much, more, most = (
        make(denoiser, source, sigma=sigma)[0].frame.pixels.astype(int) for sigma in ("5", "40", "60", "100")
    )
    assert np.abs(little - much).max() > 0
    assert np.array_equal(more, most)  # beyond what it learned from nothing is told
    assert MOST_TOLD == 60


def test_nothing_told_is_estimated(denoiser: ToldDenoiser) -> None:
    spoilt = noise(64, 64)
    clean = np.full((64, 64, 3), 90, np.uint8)
    assert not np.array_equal(make(denoiser, media(spoilt))[0].frame.pixels, spoilt)
    assert np.array_equal(make(denoiser, media(clean))[0].frame.pixels, clean)


@given(st.floats(0, LEAST, exclude_max=True))
def test_noise_that_rounding_drowns_is_left(sigma: float) -> None:
    def never(_: float) -> Transform:
        raise AssertionError("nothing was to be done")

    frame = Frame(photo("fig.jpg", 8, 8))
    heard: list[float] = []
    made = denoised(never, Plan(64, 0), frame, sigma, heard.append, lambda: False)
    assert np.array_equal(made.pixels, frame.pixels)
    assert made.pixels is not frame.pixels
    assert heard == [1.0]


@pytest.mark.parametrize(("deviation", "settings"), [(20.0, {"sigma": "3.9"}), (5.0, {})])
def test_a_network_leaves_what_it_would_harm(
    denoiser: ToldDenoiser, deviation: float, settings: dict[str, str]
) -> None:
    grey = np.random.default_rng(0).normal(128, deviation, (64, 64, 3))
    pixels = np.rint(np.clip(grey, 0, 255)).astype(np.uint8)
    output = make(denoiser, media(pixels), **settings)[0]
    assert np.array_equal(output.frame.pixels, pixels)
    assert str(output.notes[PLAN]).startswith("left as it is: noise of σ ")


def test_sixteen_bits_stay_sixteen(denoiser: ToldDenoiser) -> None:
    deep = photo("crab.jpg", 24, 24).astype(np.uint16) * 257 + 19
    made = denoised(
        denoiser.at, denoiser.plan, Frame(photo("crab.jpg", 24, 24), deep=deep), 20, lambda _: None, lambda: False
    )
    assert made.deep is not None
    assert len(np.unique(made.deep % 257)) > 100
