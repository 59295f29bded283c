"""The U-Net that looks at traces: of the localiser of manipulations, and of the network that sees blends.

A U-Net of diffusers, whose clock stands still. What its two maps mean, each network says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from core.errors import ConfigurationError
from detectors.manipulation.traces import CHANNELS

_RARE = -2.0  # the first log odds: most cells are untouched


@dataclass(frozen=True, slots=True)
class Shape:
    """channels: of the levels, each half as fine as the one before, multiples of 32. layers: blocks a level."""

    channels: tuple[int, ...] = (32, 64, 128)
    layers: int = 1

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Shape:
        """From JSON or TOML, which know lists. Raises ConfigurationError for what builds no network."""
        try:
            return cls(tuple(said["channels"]), int(said["layers"]))
        except (KeyError, TypeError, ValueError) as error:
            raise ConfigurationError(f"what says how the network is shaped is incomplete: {error!r}") from error


def unet_of(shape: Shape, rare: int) -> nn.Module:
    """Traces (n, `CHANNELS`, h, w) and a time, which is 0 → `.sample`, two maps (n, 2, h, w).

    rare: of how many maps, from the first on, the log odds begin as those of something rare.
    """
    from diffusers import UNet2DModel

    levels = len(shape.channels)
    unet: nn.Module = UNet2DModel(
        in_channels=CHANNELS,
        out_channels=2,
        block_out_channels=shape.channels,
        layers_per_block=shape.layers,
        down_block_types=("DownBlock2D",) * levels,
        up_block_types=("UpBlock2D",) * levels,
        attention_head_dim=32,  # in the middle: every part of the picture is compared with every other one
    )
    with torch.no_grad():
        unet.get_parameter("conv_out.bias")[:rare] = _RARE
    return unet
