"""A new network enlarges as bicubic does, so that training starts from the baseline."""

from __future__ import annotations

import pytest
import torch

from training.degrade import enlarge_bicubic
from training.networks import build_compact
from training.restorers.compact import Network


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_an_untrained_network_is_bicubic_enlargement(scale: int) -> None:
    torch.manual_seed(0)
    network = build_compact(Network(features=27, blocks=2), scale)
    pictures = 0.25 + torch.rand(2, 3, 24, 24) / 2
    with torch.no_grad():
        made = network(pictures)
    # At the border the network sees zeros where bicubic repeats pixels; inside only the small noise remains.
    inside = slice(4 * scale, -4 * scale)
    difference = (made - enlarge_bicubic(pictures, scale))[..., inside, inside]
    assert difference.abs().max() < 0.02


def test_the_seed_fixes_the_start() -> None:
    def first_weights() -> torch.Tensor:
        torch.manual_seed(5)
        weights: torch.Tensor = next(build_compact(Network(features=28, blocks=1), 2).parameters()).detach()
        return weights

    assert torch.equal(first_weights(), first_weights())
