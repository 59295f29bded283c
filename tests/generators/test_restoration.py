"""Restoration networks: what loads, what is refused, and how a tile goes through."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from core.devices import pick_device
from core.errors import ConfigurationError, IntegrityError, PreconditionFailed
from generators import restoration, tiling
from tests.generators.networks import compact, grey_denoiser, pin, pin_tensors, safmn
from tests.generators.pictures import noise, photo


@pytest.mark.parametrize(
    ("network", "scale", "multiple"),
    [(compact(2), 2, 1), (compact(4), 4, 1), (safmn(2), 2, 8), (grey_denoiser(), 1, 1)],
)
def test_an_architecture_is_recognised_from_its_tensors(
    tmp_path: Path, network: nn.Module, scale: int, multiple: int
) -> None:
    restorer = restoration.load(pin(tmp_path, "any", network), "cpu")
    assert (restorer.scale, restorer.multiple_of) == (scale, multiple)
    made = restorer(noise(11, 6))
    assert made.shape == (11 * scale, 6 * scale, 3)
    assert made.dtype == np.uint8


def test_a_tile_is_what_the_network_says_of_it_rounded(tmp_path: Path) -> None:
    network = compact(2).half().float().eval()  # the file keeps half precision
    pixels = photo("fig.jpg", 12, 20)
    with torch.inference_mode():
        wanted = network(torch.tensor(np.array(pixels)).permute(2, 0, 1)[None] / 255.0)[0].clamp(0, 1)
    expected = (wanted.permute(1, 2, 0) * 255).round().numpy()
    made = restoration.load(pin(tmp_path, "any", network), "cpu")(pixels)
    assert np.abs(made - expected).max() <= 1e-3


def test_a_grey_network_treats_the_channels_alike(tmp_path: Path) -> None:
    restorer = restoration.load(pin(tmp_path, "any", grey_denoiser()), "cpu")
    pixels = noise(9, 9)
    swapped = restorer(pixels[..., ::-1])
    assert np.array_equal(swapped[..., ::-1], restorer(pixels))


def test_weights_stay_in_single_precision_on_a_cpu(tmp_path: Path) -> None:
    restorer = restoration.load(pin(tmp_path, "any", compact(2)), "cpu")
    assert restorer.network.dtype == torch.float32
    assert not any(weight.requires_grad for weight in restorer.network.model.parameters())


def test_a_pooling_network_is_the_same_tiled_on_its_grid(tmp_path: Path) -> None:
    """One SAFMN block looks two cells of eight pixels far, and the convolutions three pixels more."""
    restorer = restoration.load(pin(tmp_path, "any", safmn(2)), "cpu")
    pixels = photo("dogs.jpg", 131, 125)
    plan = tiling.Plan(size=50, margin=19).aligned(restorer.multiple_of)
    tiled = tiling.apply(restorer, pixels, plan, 2, lambda _: None, lambda: False)
    assert np.abs(tiled.astype(int) - restorer(pixels)).max() <= 1


def test_another_digest_is_refused(tmp_path: Path) -> None:
    weights = pin(tmp_path, "any", compact(2))
    with pytest.raises(IntegrityError, match="sha256"):
        restoration.load(replace(weights, sha256="0" * 64), "cpu")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    weights = pin(tmp_path, "any", compact(2))
    weights.path.unlink()
    with pytest.raises(PreconditionFailed, match="any.safetensors"):
        restoration.load(weights, "cpu")


def test_a_pickle_is_never_opened(tmp_path: Path) -> None:
    weights = pin(tmp_path, "any", compact(2))
    pickled = tmp_path / "any.pth"
    torch.save({}, pickled)
    with pytest.raises(ConfigurationError, match="run code"):
        restoration.load(replace(weights, path=pickled), "cpu")


def test_tensors_of_no_architecture_are_refused(tmp_path: Path) -> None:
    weights = pin_tensors(tmp_path, "any", {"strange": torch.zeros(3)})
    with pytest.raises(IntegrityError, match="no architecture"):
        restoration.load(weights, "cpu")


def test_tensors_of_impossible_shapes_are_refused(tmp_path: Path) -> None:
    tensors = compact(2).state_dict()
    tensors["body.2.weight"] = torch.zeros(5, 5, 3, 3)
    with pytest.raises(IntegrityError):
        restoration.load(pin_tensors(tmp_path, "any", tensors), "cpu")


def test_auto_is_a_device_of_this_machine() -> None:
    assert pick_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")
    assert pick_device("cpu") == torch.device("cpu")


@pytest.mark.parametrize("name", ["abacus", "cuda:99", ""])
def test_a_device_that_is_not_there_is_refused_by_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match=repr(name)):
        restoration.load(pin(tmp_path, "any", compact(2)), name)


def test_what_ships_is_checked_at_once_and_made_when_it_is_needed(tmp_path: Path) -> None:
    weights = replace(pin(tmp_path, "any", compact(2)), parameters={"scale": 2})
    restorer, loaded = restoration.waiting(weights, "cpu"), restoration.load(weights, "cpu")
    assert (restorer.scale, restorer.digest) == (loaded.scale, loaded.digest)
    assert np.array_equal(restorer(noise(5, 7)), loaded(noise(5, 7)))
    assert restorer.network is restorer.network
    with pytest.raises(IntegrityError, match="pinned is"):
        restoration.waiting(replace(weights, sha256="0" * 64), "cpu")
    with pytest.raises(PreconditionFailed, match="other"):
        restoration.waiting(replace(weights, path=tmp_path / "other.safetensors"), "cpu")
    with pytest.raises(ConfigurationError, match="'any' states no scale"):
        restoration.waiting(replace(weights, parameters={}), "cpu")


def test_a_file_swapped_before_its_network_is_made_is_refused(tmp_path: Path) -> None:
    weights = replace(pin(tmp_path, "any", compact(2)), parameters={"scale": 2})
    restorer = restoration.waiting(weights, "cpu")
    pin(tmp_path, "any", compact(2, seed=1))
    with pytest.raises(IntegrityError, match="pinned is"):
        restorer(noise(5, 7))


def test_a_network_of_another_factor_than_its_manifest_states_is_refused(tmp_path: Path) -> None:
    restorer = restoration.waiting(replace(pin(tmp_path, "any", compact(4)), parameters={"scale": 2}), "cpu")
    with pytest.raises(IntegrityError, match="×4, their manifest says ×2"):
        restorer(noise(5, 7))
