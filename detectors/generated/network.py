"""The network that sees decoders' traces: residuals at full resolution through a small ResNet of timm, to a map.

Its pooling is gone, and its first stride is that of a convolution which sees whole 2×2 blocks, so that every phase of
the finest grid has weights of its own. Knows tensors; does not know pictures' sizes or what a score means.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from timm.models.resnetv2 import ResNetV2
from torch import nn

from core.errors import ConfigurationError
from detectors.generated.residuals import CHANNELS, residuals

STRIDE = 8
"""Pixels to a cell of the map."""
_TOP = 0.25  # of the cells: traces show where there is texture, and not in the sky


@dataclass(frozen=True, slots=True)
class ArtefactSpec:
    """channels, blocks: of the three stages, at a half, a quarter and an eighth of the resolution. groups: of norms."""

    channels: tuple[int, ...] = (32, 64, 128)
    blocks: tuple[int, ...] = (2, 2, 2)
    groups: int = 16

    @classmethod
    def of(cls, parameters: Mapping[str, Any]) -> ArtefactSpec:
        """As a weights manifest has it. Raises ConfigurationError for what builds no network."""
        try:
            return cls(tuple(parameters["channels"]), tuple(parameters["blocks"]), int(parameters["groups"]))
        except (KeyError, TypeError, ValueError) as error:
            raise ConfigurationError(f"the artefact network's parameters are incomplete: {error!r}") from error


class ArtefactNetwork(nn.Module):
    """Float32 RGB (n, 3, h, w), 0–255, sides multiples of 8 → log odds of a decoder's trace, (n, h/8, w/8)."""

    def __init__(self, spec: ArtefactSpec) -> None:
        super().__init__()
        # Norms of groups, for the running average of a training knows no statistics of batches; with the activation
        # beside and not inside (timm's GroupNormAct), whose backward on CPUs would go through turned memory.
        self.body = ResNetV2(
            layers=list(spec.blocks),
            channels=spec.channels,
            in_chans=CHANNELS,
            num_classes=1,
            global_pool="",
            basic=True,
            bottle_ratio=1.0,
            stem_chs=spec.channels[0],
            norm_layer=lambda channels, **_: nn.Sequential(nn.GroupNorm(spec.groups, channels), nn.ReLU()),
        )
        self.body.stem = nn.Conv2d(CHANNELS, spec.channels[0], 6, stride=2, padding=2)  # type: ignore[assignment]

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """See the class."""
        made: torch.Tensor = self.body(residuals(pictures))
        return made[:, 0]


def pooled(cells: torch.Tensor) -> torch.Tensor:
    """Log odds (n, cells) → (n,): half their mean, half the mean of their highest quarter."""
    most = max(1, round(_TOP * cells.shape[1]))
    return (cells.mean(dim=1) + cells.topk(most, dim=1).values.mean(dim=1)) / 2
