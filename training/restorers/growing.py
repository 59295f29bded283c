"""Starts a Compact network as a smaller one that has learned already: wider and deeper, and the same function at first.

As T. Chen et al., "Net2Net: Accelerating Learning via Knowledge Transfer" (ICLR 2016): its channels are the first ones
here and look at no other; further convolutions pass them on. The new channels see everything, and are drawn as ever.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from spandrel.architectures.Compact import Compact
from torch import nn

from core.errors import ConfigurationError

_CONVOLUTION = 4  # dimensions of a convolution's weight


def grow(network: nn.Module, source: Mapping[str, torch.Tensor]) -> None:
    """Changes all layers but the last of `network` in place. source: the tensors of a Compact of any scale.

    Raises ConfigurationError where either is no Compact, and where the source is wider or deeper.
    """
    if not isinstance(network, Compact):
        raise ConfigurationError("only a Compact network can start as a smaller one")
    hidden = list(network.body[:-1])
    smaller = _layers(source)[:-1]
    features = smaller[0][0].shape[0] if smaller else 0
    if not 0 < features <= network.body[0].out_channels or len(smaller) > len(hidden) // 2:
        raise ConfigurationError(
            f"a Compact of {network.body[0].out_channels} features and {len(hidden) // 2} convolutions cannot start as "
            f"one of {features} and {len(smaller)}"
        )
    with torch.no_grad():
        for number, (convolution, slope) in enumerate(zip(hidden[::2], hidden[1::2], strict=True)):
            weight, bias, slopes = smaller[number] if number < len(smaller) else _passing(features)
            convolution.weight[:features] = 0
            convolution.weight[:features, : weight.shape[1]] = weight.float()
            convolution.bias[:features] = bias.float()
            slope.weight[:features] = slopes.float()


def _layers(source: Mapping[str, torch.Tensor]) -> list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
    """Weight and bias of each convolution, and the slopes behind it; the last has none, and gets its own bias."""
    try:
        numbers = sorted(int(name.split(".")[1]) for name in source if name.endswith(".bias"))
        return [
            (
                source[f"body.{number}.weight"],
                source[f"body.{number}.bias"],
                source.get(f"body.{number + 1}.weight", source[f"body.{number}.bias"]),
            )
            for number in numbers
            if source[f"body.{number}.weight"].dim() == _CONVOLUTION
        ]
    except (KeyError, IndexError, ValueError) as error:
        raise ConfigurationError(f"the network to start from is no Compact: {error}") from error


def _passing(features: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """A convolution that changes nothing, and slopes that do not bend it."""
    weight = torch.zeros(features, features, 3, 3)
    weight[range(features), range(features), 1, 1] = 1
    return weight, torch.zeros(features), torch.ones(features)
