"""How tensors lie in memory changes no number."""

from __future__ import annotations

import copy

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from training.harness.memory import arrange

CPU = torch.device("cpu")


def network(seed: int) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.GroupNorm(4, 8), nn.SiLU(), nn.Conv2d(8, 8, 3, padding=1), nn.GroupNorm(2, 8)
    )


@settings(max_examples=15)
@given(st.integers(0, 2**31), st.integers(1, 3), st.integers(4, 17))
def test_outputs_and_gradients_are_the_same(seed: int, batch: int, side: int) -> None:
    plain = network(seed)
    arranged = arrange(copy.deepcopy(plain), CPU)
    values = torch.randn(batch, 3, side, side)
    found = []
    for each, given_values in ((plain, values), (arranged, values.to(memory_format=torch.channels_last))):
        made = each(given_values)
        (made * torch.arange(made.numel()).view_as(made) / made.numel()).sum().backward()
        found.append((made.detach(), [value.grad for value in each.parameters()]))
    (one, gradients), (other, others) = found
    assert torch.allclose(one, other, atol=1e-5)
    for wanted, gradient in zip(gradients, others, strict=True):
        assert wanted is not None
        assert gradient is not None
        assert torch.allclose(wanted, gradient, atol=1e-4, rtol=1e-4)


def test_pictures_stay_channels_last_between_layers() -> None:
    made = arrange(network(1), CPU)(torch.randn(2, 3, 8, 8).to(memory_format=torch.channels_last))
    assert made.is_contiguous(memory_format=torch.channels_last)


def test_norms_of_other_shapes_pass() -> None:
    # Attention norms (n, channels, places): no picture, so nothing to lay in memory.
    made = arrange(nn.GroupNorm(2, 8), CPU)(torch.randn(2, 8, 5))
    assert made.shape == (2, 8, 5)
    assert made.is_contiguous()


def test_it_is_ready_to_be_trained() -> None:
    assert arrange(network(1).eval(), CPU).training
