"""A network for one scale starts well from one for another."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from core.errors import ConfigurationError
from training.degrade import enlarge_bicubic
from training.loss import pixel_loss
from training.metrics import Picture
from training.networks import build_compact
from training.patches import Patches
from training.restorers.compact import Network
from training.warm_start import shipped_network, warm_start

NETWORK = Network(features=32, blocks=2)


def test_the_solved_last_layer_beats_bicubic_on_other_patches(pictures: dict[str, Picture]) -> None:
    torch.manual_seed(0)
    network, source = build_compact(NETWORK, 4), build_compact(NETWORK, 2)
    fitted, other = (Patches(pictures, scale=4, patch=24, batch=8, seed=seed) for seed in (1, 2))
    warm_start(network, source, [fitted.batch(step) for step in range(6)])
    small, large = other.batch(0)
    with torch.no_grad():
        made = network(small)
    assert torch.mean((made - large) ** 2) < torch.mean((enlarge_bicubic(small, 4) - large) ** 2)
    assert pixel_loss(made, large) < pixel_loss(enlarge_bicubic(small, 4), large)


def test_the_trunk_is_the_sources(pictures: dict[str, Picture]) -> None:
    network, source = build_compact(NETWORK, 4), build_compact(NETWORK, 2)
    warm_start(network, source, [Patches(pictures, 4, 12, 2, seed=0).batch(0)])
    for taken, given in zip(network.body[:-1].parameters(), source.body[:-1].parameters(), strict=True):
        assert torch.equal(taken, given)


def test_without_batches_there_is_nothing_to_solve() -> None:
    with pytest.raises(ValueError, match="no batches"):
        warm_start(build_compact(NETWORK, 4), build_compact(NETWORK, 2), [])


def test_a_model_that_is_not_pinned_is_named(tmp_path: Path) -> None:
    manifest = tmp_path / "weights.toml"
    manifest.write_text("", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="has no 'upscale_x2' to start from"):
        shipped_network("upscale_x2", manifest)
