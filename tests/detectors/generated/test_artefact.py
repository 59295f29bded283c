"""The artefact branch reads pictures of any size as they are, and refuses what is not its own."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save

from core.errors import ConfigurationError, IntegrityError
from core.media import Pixels
from core.weights import PinnedWeights
from detectors.generated.artefact import LEAST_SIDE, TILE, ArtefactBranch, starts
from detectors.generated.network import STRIDE, ArtefactNetwork, ArtefactSpec, pooled
from detectors.generated.residuals import CHANNELS, residuals

SPEC = ArtefactSpec((16, 16, 16), (1, 1, 1), 4)
PARAMETERS = {"channels": [16, 16, 16], "blocks": [1, 1, 1], "groups": 4}


def noisy(height: int, width: int, seed: int = 0) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def pinned(folder: Path, network: torch.nn.Module, **changes: object) -> PinnedWeights:
    path = folder / "net.safetensors"
    path.write_bytes(save({key: value.contiguous() for key, value in network.state_dict().items()}))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return PinnedWeights("net", path, digest, "ArtefactNetwork", parameters=PARAMETERS | changes)


@pytest.fixture(scope="module")
def branch(tmp_path_factory: pytest.TempPathFactory) -> ArtefactBranch:
    torch.manual_seed(1)
    return ArtefactBranch.load(pinned(tmp_path_factory.mktemp("weights"), ArtefactNetwork(SPEC)), most=2)


@pytest.mark.parametrize("size", [(64, 64), (65, 203), (193, 400), (700, 1000)])
def test_any_size_has_a_score_and_a_map_over_the_whole_picture(branch: ArtefactBranch, size: tuple[int, int]) -> None:
    ((score, heat),) = branch.read([noisy(*size)])
    assert score is not None
    assert np.isfinite(score)
    assert heat is not None
    assert heat.dtype == np.float32
    assert heat.shape == (size[0] // STRIDE, size[1] // STRIDE)
    assert heat.min() >= 0
    assert heat.max() <= 1


def test_small_and_flat_pictures_are_not_read(branch: ArtefactBranch) -> None:
    flat = np.full((200, 200, 3), 90, np.uint8)
    assert branch.read([noisy(LEAST_SIDE - 1, 300), flat]) == [(None, None), (None, None)]


def test_a_picture_reads_the_same_alone_and_among_others(branch: ArtefactBranch) -> None:
    pictures = [noisy(100, 80, 1), noisy(300, 300, 2)]
    together = [score for score, _ in branch.read(pictures)]
    alone = [branch.read([each])[0][0] for each in pictures]
    assert together == pytest.approx(alone)


def test_parameters_that_are_missing_are_named(tmp_path: Path) -> None:
    weights = PinnedWeights("net", tmp_path / "net.safetensors", "0" * 64, "ArtefactNetwork", parameters={"groups": 4})
    with pytest.raises(ConfigurationError, match="channels"):
        ArtefactBranch.load(weights)


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    with pytest.raises(IntegrityError, match="artefact network"):
        ArtefactBranch.load(pinned(tmp_path, torch.nn.Linear(2, 2)))


@given(length=st.integers(LEAST_SIDE, 5000), most=st.integers(1, 6))
def test_tiles_lie_within_and_reach_both_ends(length: int, most: int) -> None:
    found = starts(length, most)
    assert len(found) <= most
    assert all(start % STRIDE == 0 and 0 <= start <= max(0, length - TILE) for start in found)
    if length > TILE and most > 1:
        assert found[0] == 0
        assert length - (found[-1] + TILE) < STRIDE


@given(value=st.integers(0, 255), slope=st.integers(-3, 3))
def test_an_even_slope_has_no_second_differences(value: int, slope: int) -> None:
    ramp = (value + slope * torch.arange(16.0)).expand(1, 3, 16, 16)
    inner = residuals(ramp)[..., 1:-1, 1:-1]
    assert residuals(ramp).shape[1] == CHANNELS
    assert inner[:, 3:].abs().max() < 1e-4
    assert inner[:, :3].abs().max() == pytest.approx(np.tanh(abs(slope) / 16), abs=1e-4)


def test_pooling_hears_a_trace_in_a_part_of_the_picture() -> None:
    cells = torch.full((1, 64), -4.0)
    cells[0, :16] = 4.0
    assert float(pooled(cells)) == pytest.approx((-2.0 + 4.0) / 2)
