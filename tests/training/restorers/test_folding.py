"""A folded network answers as its chains do, unfolds into a file that loads, and starts by passing on what it gets."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from training.restorers.architectures import build
from training.restorers.folding import fold, folded_tensors, start_passing, unfold

SMALL = {"feature_channels": 12, "norm": False, "img_range": 1.0}


def network() -> nn.Module:
    torch.manual_seed(3)
    return build("SPAN", SMALL, 2).eval()


@pytest.fixture
def pictures() -> torch.Tensor:
    return torch.rand(2, 3, 20, 24, generator=torch.Generator().manual_seed(1))


def test_a_folded_network_answers_as_its_chains_do(pictures: torch.Tensor) -> None:
    chained, folded = network(), network()
    fold(folded)
    with torch.no_grad():
        torch.testing.assert_close(folded(pictures), chained(pictures), atol=1e-5, rtol=1e-4)
    assert sum(each.numel() for each in folded.parameters()) < sum(each.numel() for each in chained.parameters()) / 3
    assert all(each.requires_grad for each in folded.parameters())


def test_what_unfolds_answers_as_what_learned_and_folds_back_to_it(pictures: torch.Tensor) -> None:
    folded = network()
    fold(folded)
    start_passing(folded, pictures)
    shipped = unfold(folded, network()).eval()
    with torch.no_grad():
        torch.testing.assert_close(shipped(pictures), folded(pictures), atol=1e-5, rtol=1e-4)
    again = folded_tensors(shipped.state_dict())
    assert all(torch.equal(again[name], value) for name, value in folded.state_dict().items())


def test_a_start_passes_on_what_it_gets(pictures: torch.Tensor) -> None:
    folded = network()
    fold(folded)
    start_passing(folded, pictures)
    deviations: list[float] = []
    for module in folded.modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_hook(lambda _, __, made: deviations.append(made.std().item()))
    with torch.no_grad():
        folded(pictures)
    assert len(deviations) == 22
    assert all(0.9 < each < 1.1 for each in deviations)
