"""A larger Compact that starts as a smaller one does what that one does, and can learn to do more."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import ConfigurationError
from training.restorers.architectures import build, last_convolution
from training.restorers.growing import grow
from training.restorers.start import solve_last


def compact(features: int, convolutions: int, scale: int = 2) -> torch.nn.Module:
    return build("Compact", {"num_feat": features, "num_conv": convolutions}, scale)


@settings(max_examples=10)
@given(st.integers(3, 6), st.integers(0, 3), st.integers(0, 4), st.integers(0, 3))
def test_it_answers_as_the_smaller_one_did(features: int, convolutions: int, wider: int, deeper: int) -> None:
    torch.manual_seed(features)
    smaller, larger = compact(features, convolutions), compact(features + wider, convolutions + deeper)
    grow(larger, smaller.state_dict())
    last, wanted = last_convolution("Compact", larger), last_convolution("Compact", smaller)
    picture = torch.rand(1, 3, 12, 12)
    with torch.no_grad():
        last.weight[:, features:] = 0
        last.weight[:, :features] = wanted.weight
        assert last.bias is not None
        assert wanted.bias is not None
        last.bias.copy_(wanted.bias)
        assert torch.allclose(larger(picture), smaller(picture), atol=1e-5)


def test_with_its_last_layer_solved_for_it_is_at_least_as_near_as_the_smaller_one() -> None:
    torch.manual_seed(0)
    smaller, larger = compact(6, 2), compact(8, 3)
    spoiled = torch.rand(2, 3, 16, 16)
    with torch.no_grad():
        wanted = smaller(spoiled)
    grow(larger, smaller.state_dict())
    solve_last(larger, last_convolution("Compact", larger), [(spoiled, wanted)])
    with torch.no_grad():
        assert (larger(spoiled) - wanted).abs().max() < 0.01


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (compact(9, 1), "8 features and 3 convolutions cannot start as one of 9 and 2"),
        (compact(8, 3), "cannot start as one of 8 and 4"),
        (build("SAFMN", {"dim": 8, "n_blocks": 1}, 2), "is no Compact"),
        (torch.nn.Identity(), "of 0 and 0"),
    ],
)
def test_what_it_cannot_start_as_is_refused(source: torch.nn.Module, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        grow(compact(8, 2), source.state_dict())


def test_no_other_architecture_grows() -> None:
    with pytest.raises(ConfigurationError, match="only a Compact"):
        grow(build("SAFMN", {"dim": 8, "n_blocks": 1}, 2), compact(4, 1).state_dict())
