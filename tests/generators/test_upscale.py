"""Enlargement: better than bicubic on photographs not trained on, seamless, and within its budget."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import ConfigurationError, LimitExceeded
from core.media import Pixels
from core.registry import Registry
from core.weights import read_manifest
from generators import catalog, restoration, tiling, upscale
from generators.base import Card, Generator
from generators.restoration import Restorer
from generators.upscale import Upscaler
from tests.generators.networks import compact, pin, safmn
from tests.generators.pictures import job, make, media, noise, photo, psnr

CARD = Card("Apache-2.0", "A test.", "None.", "# Test")
SCALES = (2, 4)


@pytest.fixture(scope="module")
def shipped() -> dict[int, Restorer]:
    manifest = read_manifest(catalog.WEIGHTS / "weights.toml")
    return {scale: restoration.load(manifest[f"upscale_x{scale}"], "cpu") for scale in SCALES}


def upscaler(folder: Path, max_pixels: int = 1_000_000) -> Upscaler:
    """An upscaler with small random networks."""
    networks = [restoration.load(pin(folder, f"x{scale}", compact(scale)), "cpu") for scale in SCALES]
    return Upscaler("test", networks, CARD, max_pixels=max_pixels)


def reduced(pixels: Pixels, scale: int) -> Pixels:
    height, width = pixels.shape[:2]
    return np.asarray(Image.fromarray(pixels).resize((width // scale, height // scale), Image.Resampling.BICUBIC))


def bicubic(pixels: Pixels, scale: int) -> Pixels:
    height, width = pixels.shape[:2]
    return np.asarray(Image.fromarray(pixels).resize((width * scale, height * scale), Image.Resampling.BICUBIC))


@pytest.mark.parametrize(("scale", "least"), [(2, 1.0), (4, 0.3)])
def test_photographs_come_out_nearer_the_original_than_by_bicubic(
    generators: Registry[Generator], scale: int, least: float
) -> None:
    """least: mean gain in dB."""
    gains = []
    for name in ("fig.jpg", "mountains.jpg", "stream.jpg"):
        original = photo(name, 192, 192)
        small = reduced(original, scale)
        made = make(generators.get("compact"), media(small), scale=str(scale))[0].frame.pixels
        gains.append(psnr(made, original) - psnr(bicubic(small, scale), original))
    assert np.mean(gains) > least
    assert min(gains) > 0


@pytest.mark.parametrize("scale", SCALES)
def test_tiles_of_the_shipped_networks_cannot_be_told_from_the_whole(shipped: dict[int, Restorer], scale: int) -> None:
    pixels = photo("colosseum.jpg", 40, 600)  # three tiles
    tiled = upscale.enlarge(shipped[scale], pixels, lambda _: None, lambda: False)
    assert np.abs(tiled.astype(int) - shipped[scale](pixels)).max() <= 1


def test_the_factor_chooses_the_network(tmp_path: Path) -> None:
    generator = upscaler(tmp_path)
    source = media(noise(10, 12))
    assert make(generator, source)[0].frame.pixels.shape == (20, 24, 3)
    assert make(generator, source, scale="4")[0].frame.pixels.shape == (40, 48, 3)


def test_a_network_that_tints_greys_is_corrected(tmp_path: Path) -> None:
    generator = upscaler(tmp_path)
    grey = np.repeat(noise(12, 12)[..., :1], 3, axis=2)
    network = restoration.load(pin(tmp_path, "tinting", compact(2)), "cpu")
    assert np.ptp(network(grey).astype(int), axis=2).max() > 0
    assert np.ptp(make(generator, media(grey))[0].frame.pixels.astype(int), axis=2).max() == 0


@pytest.mark.parametrize(
    ("height", "width", "scale", "field"),
    [(100, 100, "4", "parameters.scale"), (300, 300, "2", "media"), (300, 300, "4", "media")],
)
def test_an_output_above_the_budget_is_refused(tmp_path: Path, height: int, width: int, scale: str, field: str) -> None:
    generator = upscaler(tmp_path, max_pixels=100_000)
    with pytest.raises(LimitExceeded) as refusal:
        make(generator, media(noise(height, width)), scale=scale)
    assert refusal.value.field == field
    assert refusal.value.limit == "100000 pixels"
    assert refusal.value.found == f"{height * width * int(scale) ** 2} pixels"


def test_an_output_of_exactly_the_budget_is_made(tmp_path: Path) -> None:
    generator = upscaler(tmp_path, max_pixels=400)
    assert make(generator, media(noise(10, 10)))[0].frame.pixels.shape == (20, 20, 3)


def test_the_version_follows_the_weights(tmp_path: Path) -> None:
    networks = [restoration.load(pin(tmp_path, "x2", compact(2, seed)), "cpu") for seed in (1, 2, 1)]
    first, second, again = (Upscaler("a", [network], CARD).version for network in networks)
    assert first == again != second


def test_two_networks_of_one_factor_are_refused(tmp_path: Path) -> None:
    networks = [restoration.load(pin(tmp_path, "x2", compact(2, seed)), "cpu") for seed in (1, 2)]
    with pytest.raises(ConfigurationError, match="one network for each factor"):
        Upscaler("a", networks, CARD)
    with pytest.raises(ConfigurationError):
        Upscaler("a", [], CARD)


def test_a_network_that_pools_is_cut_on_its_grid(tmp_path: Path) -> None:
    network = restoration.load(pin(tmp_path, "pooling", safmn(2)), "cpu")
    pixels = photo("dogs.jpg", 30, 290)
    plan = tiling.Plan(size=101, margin=19)
    tiled = upscale.enlarge(network, pixels, lambda _: None, lambda: False, plan)
    assert np.abs(tiled.astype(int) - network(pixels)).max() <= 1


def test_the_default_factor_is_the_smallest(tmp_path: Path) -> None:
    assert job(upscaler(tmp_path), media(noise(4, 4))).parameters["scale"] == 2
