"""The network: colours and their noise residuals → log odds of "manipulated" per cell, and how far to trust them.

An encoder of timm with torchvision's feature pyramid as its decoder, a U-Net's shape. The second head is TruFor's idea:
it learns the probability that the first head gives to the truth (Guillaro et al. 2023; Corbière et al. 2019).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from torchvision.ops import FeaturePyramidNetwork

STRIDE = 4
"""Pixels to a cell."""
LARGEST_SHARE = 0.01
"""Of the cells: the score is the mean over the most suspicious ones, so that it does not grow with the picture."""
_RARE = -2.0  # the first log odds: most cells are untouched
_SATURATION = 4.0  # of residuals, in grey levels: edges are large and say nothing
# Three filters of the Spatial Rich Model (Fridrich and Kodovský 2012), as chosen by Zhou et al. (2018).
_SECOND = ((0, 0, 0, 0, 0), (0, -1, 2, -1, 0), (0, 2, -4, 2, 0), (0, -1, 2, -1, 0), (0, 0, 0, 0, 0))
_FIFTH = ((-1, 2, -2, 2, -1), (2, -6, 8, -6, 2), (-2, 8, -12, 8, -2), (2, -6, 8, -6, 2), (-1, 2, -2, 2, -1))
_LINE = ((0, 0, 0, 0, 0), (0, 0, 0, 0, 0), (0, 1, -2, 1, 0), (0, 0, 0, 0, 0), (0, 0, 0, 0, 0))
_FILTERS = ((_SECOND, 4.0), (_FIFTH, 12.0), (_LINE, 2.0))
_COLOURS = 3


@dataclass(frozen=True, slots=True)
class Shape:
    """layers, channels: of the encoder's four stages, channels in multiples of 32. width: of the decoder."""

    layers: tuple[int, ...] = (2, 2, 2, 2)
    channels: tuple[int, ...] = (64, 96, 128, 160)
    width: int = 96

    @classmethod
    def of(cls, said: dict[str, Any]) -> Shape:
        """From JSON or TOML, which know lists."""
        return cls(tuple(said["layers"]), tuple(said["channels"]), int(said["width"]))


class ManipulationNetwork(nn.Module):
    """Pictures float (n, 3, h, w), -1 to 1, sides multiples of 32 → log odds and the confidence's, (n, 2, h/4, w/4)."""

    def __init__(self, shape: Shape) -> None:
        import timm

        super().__init__()
        kernels = torch.tensor([filter_ for filter_, _ in _FILTERS], dtype=torch.float32)
        scales = torch.tensor([scale for _, scale in _FILTERS]).reshape(-1, 1, 1)
        self.register_buffer("filters", (kernels / scales)[:, None].repeat(_COLOURS, 1, 1, 1), persistent=False)
        self.encoder = timm.create_model(
            "resnet18d",
            features_only=True,
            out_indices=(1, 2, 3, 4),
            in_chans=_COLOURS + len(_FILTERS) * _COLOURS,
            layers=shape.layers,
            channels=shape.channels,
            norm_layer="groupnorm",  # a running average of weights knows no statistics of batches
            replace_stem_pool=True,  # the largest residual of four is not what noise looks like
        )
        self.pyramid = FeaturePyramidNetwork(list(shape.channels), shape.width)
        self.speak = nn.Sequential(
            nn.Conv2d(shape.width, shape.width, 3, padding=1), nn.ReLU(), nn.Conv2d(shape.width, 2, 1)
        )
        with torch.no_grad():
            self.speak[-1].bias[0] = _RARE  # type: ignore[index]

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """See the class."""
        return self.look(pictures)[0]

    def look(self, pictures: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The maps, and the features behind them averaged over each picture, (n, width); in single precision."""
        finest = self.finest(pictures)
        return self.speak(finest).float(), finest.float().mean(dim=(2, 3))

    def finest(self, pictures: torch.Tensor) -> torch.Tensor:
        """Features at `STRIDE`: (n, width, h/4, w/4), not below 0."""
        levels = self.encoder(torch.cat([pictures, self.residuals(pictures)], dim=1))
        finest: torch.Tensor = self.pyramid({str(index): level for index, level in enumerate(levels)})["0"].relu()
        return finest

    def residuals(self, pictures: torch.Tensor) -> torch.Tensor:
        """(n, 9, h, w), -1 to 1. In single precision under any autocast: eight bits of fraction hold no noise."""
        with torch.autocast(pictures.device.type, enabled=False):
            filters: torch.Tensor = self.filters  # type: ignore[assignment]
            padded = functional.pad(pictures.float() * 127.5, (2, 2, 2, 2), mode="reflect")
            found = functional.conv2d(padded, filters.float(), groups=_COLOURS)
            return torch.tanh(found / _SATURATION)


def scores(maps: torch.Tensor) -> torch.Tensor:
    """(n, 2, h, w) → (n,): the mean of the largest log odds, each weighed by its confidence."""
    weighed = (maps[:, 0] * torch.sigmoid(maps[:, 1].detach())).flatten(1)
    most = max(1, round(weighed.shape[1] * LARGEST_SHARE))
    return weighed.topk(most, dim=1).values.mean(dim=1)
