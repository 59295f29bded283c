"""The network: traces of a picture's past → log odds of "blended in" and of "border of a blend" per cell, and a score.

The border is what a blend cannot do without, whatever was blended (Li et al. 2020, "Face X-ray"); the part is where the
past is another one. The U-Net is that of `detectors.manipulation.network`, from whose weights it started.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from core.errors import ConfigurationError
from detectors.manipulation.traces import CHANNELS, Traces

COARSEST = 32
"""Sides of what the network is given are multiples of it."""
PART, BORDER = 0, 1
"""The channels of its maps."""
_LARGEST_SHARE = 0.02  # of the cells: those that decide, so that the score does not grow with the picture
_RARE = -2.0  # the first log odds: most cells are untouched
_FIRST = ((0.5, 0.5, 0.0, 0.0),)  # of the score: what is highest in either map, before anything is learned


@dataclass(frozen=True, slots=True)
class Shape:
    """channels: of the levels, each half as fine as the one before, multiples of 32. layers: blocks a level."""

    channels: tuple[int, ...] = (32, 64, 128)
    layers: int = 1

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Shape:
        """From TOML, which knows lists. Raises ConfigurationError for what builds no network."""
        try:
            return cls(tuple(said["channels"]), int(said["layers"]))
        except (KeyError, TypeError, ValueError) as error:
            raise ConfigurationError(f"the blend network's parameters are incomplete: {error!r}") from error


class BlendNetwork(nn.Module):
    """Pictures float (n, 3, h, w), -1 to 1, sides multiples of 32 → scores (n,), maps (n, 2, h/4, w/4), what `Traces`
    says of each picture as a whole (n, d); float32.
    """

    def __init__(self, shape: Shape) -> None:
        from diffusers import UNet2DModel

        super().__init__()
        levels = len(shape.channels)
        self.traces = Traces()
        self.unet = UNet2DModel(
            in_channels=CHANNELS,
            out_channels=2,
            block_out_channels=shape.channels,
            layers_per_block=shape.layers,
            down_block_types=("DownBlock2D",) * levels,
            up_block_types=("UpBlock2D",) * levels,
            attention_head_dim=32,
        )
        self.whole = nn.Linear(4, 1)
        with torch.no_grad():
            self.unet.conv_out.bias.fill_(_RARE)
            self.whole.weight.copy_(torch.tensor(_FIRST))
            self.whole.bias.zero_()

    def forward(self, pictures: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """See the class."""
        traces, described = self.traces.look(pictures)
        maps: torch.Tensor = self.unet(traces, 0).sample.float()
        return self._scores(maps), maps, described

    def _scores(self, maps: torch.Tensor) -> torch.Tensor:
        """Log odds of the whole picture: of both maps the mean of their largest cells and of all."""
        cells = maps.flatten(2)
        most = max(1, round(cells.shape[2] * _LARGEST_SHARE))
        seen = torch.cat([cells.topk(most, dim=2).values.mean(dim=2), cells.mean(dim=2)], dim=1)
        with torch.autocast(maps.device.type, enabled=False):
            scores: torch.Tensor = self.whole(seen)[:, 0]
        return scores
