"""The tiny model, loaded once: with a few-step student, a ControlNet, upscalers and training pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.weight_folder import read_folders
from generators import restoration
from generators.base import Card
from generators.diffusion import lexicon, neighbours, shipped
from generators.diffusion.components import Components, load
from generators.diffusion.text_to_image import TextToImage
from tests.generators import tiny_diffusion
from tests.generators.networks import compact, pin
from tests.generators.pictures import noise

CARD = Card("Apache-2.0", "A test.", "None.", "# Test")


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a manifest and everything that a model may have."""
    folder = tmp_path_factory.mktemp("weights")
    model = tiny_diffusion.build(folder / "text_to_image", fast=True, control=True)
    trained_on = np.concatenate([neighbours.describe(noise(64, 64, seed))[:1] for seed in (1, 2)])
    neighbours.save(model / neighbours.FILE, trained_on, ("noise:1", "noise:2"), 0.9)
    (model / lexicon.FILE).write_text("three\nred\napple\n")
    folder.joinpath("weights.toml").write_text(tiny_diffusion.manifest(model, "text_to_image"))
    return folder


@pytest.fixture(scope="session")
def painter(weights: Path, tmp_path_factory: pytest.TempPathFactory) -> TextToImage:
    folder = tmp_path_factory.mktemp("upscalers")
    networks = [restoration.load(pin(folder, f"x{scale}", compact(scale)), "cpu") for scale in (2, 4)]
    return shipped.load(read_folders(weights / "weights.toml")["text_to_image"], CARD, "cpu", networks)


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> TextToImage:
    """The same without anything that a folder may lack."""
    folder = tiny_diffusion.pin(tmp_path_factory.mktemp("plain"))
    return shipped.load(read_folders(folder / "weights.toml")["text_to_image"], CARD, "cpu")


@pytest.fixture(scope="session")
def components(weights: Path) -> Components:
    return load(weights / "text_to_image", "cpu")
