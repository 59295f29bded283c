"""What is computed cell by cell is what it would be pixel by pixel."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from detectors.manipulation.traces import BLOCK, CHANNELS, ENERGIES, PHASES, STRIDE, Traces
from tests.detectors.making import halved

SECOND = torch.outer(torch.tensor([1.0, -2.0, 1.0]), torch.tensor([1.0, -2.0, 1.0])) / -4
LUMA = torch.tensor([0.299, 0.587, 0.114])


@pytest.fixture(scope="module")
def grey_levels() -> torch.Tensor:
    """Two pieces of a photograph, (2, 3, 96, 64)."""
    whole = torch.from_numpy(halved("crab")[:96, :128].copy()).float().permute(2, 0, 1)
    return torch.stack([whole[..., :64], whole[..., 64:]])


def looked_at(grey_levels: torch.Tensor) -> torch.Tensor:
    maps, described = Traces().look(grey_levels / 127.5 - 1)
    assert maps.shape == (len(grey_levels), CHANNELS, *(side // STRIDE for side in grey_levels.shape[2:]))
    assert torch.isfinite(maps).all()
    assert torch.isfinite(described).all()
    return maps


def moved(grey_levels: torch.Tensor) -> torch.Tensor:
    """As the network gets them: -1 to 1."""
    return grey_levels - 127.5


def test_energies_are_mean_squares_of_residuals(grey_levels: torch.Tensor) -> None:
    maps = looked_at(grey_levels)
    planes = functional.pad(moved(grey_levels).flatten(0, 1)[:, None], (1, 1, 1, 1), mode="reflect")
    residuals = functional.conv2d(planes, SECOND[None, None]).reshape(grey_levels.shape)
    energies = torch.log(functional.avg_pool2d(residuals**2, STRIDE) + 0.05) / 3
    torch.testing.assert_close(maps[:, 0:9:3], energies, atol=1e-4, rtol=1e-4)
    fine = torch.tanh(functional.pixel_unshuffle((residuals * LUMA[:, None, None]).sum(1, keepdim=True), STRIDE) / 4)
    torch.testing.assert_close(maps[:, -48:-32], fine, atol=1e-4, rtol=1e-4)


def test_energies_of_waves_are_those_of_the_transform(grey_levels: torch.Tensor) -> None:
    """Of the wave (0, 2), in a cell away from the border, by the definition of the DCT."""
    luma = (moved(grey_levels) * LUMA[:, None, None]).sum(1)[0].numpy().astype(np.float64)
    at = (np.arange(BLOCK) + 0.5) * np.pi / BLOCK
    wave = np.outer(np.full(BLOCK, np.sqrt(1 / BLOCK)), np.cos(2 * at) * np.sqrt(2 / BLOCK))
    row, column = 5, 7
    starts = [(row * STRIDE + down - 3, column * STRIDE + across - 3) for down in range(4) for across in range(4)]
    squares = [(luma[top : top + BLOCK, left : left + BLOCK] * wave).sum() ** 2 for top, left in starts]
    expected = np.log(np.mean(squares) + 0.05) / 3
    assert looked_at(grey_levels)[0, 9, row, column].item() == pytest.approx(expected, abs=1e-4)


def test_phases_are_second_differences_by_their_place_in_a_block(grey_levels: torch.Tensor) -> None:
    """Every eighth column is raised: its edges stand out of the others, and no row does."""
    striped = torch.full_like(grey_levels[:1], 90.0)
    striped[..., ::BLOCK] += 6
    start = 2 * ENERGIES
    columns, rows = torch.split(looked_at(striped)[:, start : start + PHASES], BLOCK, dim=1)
    assert columns[:, 0].min() > columns[:, 1].max() > columns[:, 4].max()
    assert rows.abs().max() < 1e-4


def test_a_turned_picture_has_turned_phases(grey_levels: torch.Tensor) -> None:
    start = 2 * ENERGIES
    upright = looked_at(grey_levels)[:, start : start + PHASES]
    turned = looked_at(grey_levels.transpose(2, 3))[:, start : start + PHASES].transpose(2, 3)
    torch.testing.assert_close(torch.cat(torch.split(turned, BLOCK, dim=1)[::-1], dim=1), upright, atol=1e-4, rtol=1e-4)
