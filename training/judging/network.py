"""The judge's network: a backbone of timm, torchvision's feature pyramid, and one convolution that speaks."""

from __future__ import annotations

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import nn
from torchvision.ops import FeaturePyramidNetwork

from training.harness.models import ModelSpec, build

STRIDE = 4
"""Pixels to a cell."""
_RARE = -4.0  # the first logit of a word: nearly every cell holds none


class JudgeSpec(BaseModel):
    """backbone: gives features, the finest at `STRIDE`. width: channels of the pyramid."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    backbone: ModelSpec
    width: int = Field(gt=0)


class JudgeNetwork(nn.Module):
    """Pictures (n, 3, h, w), -1 to 1 → (n, channels, h/4, w/4)."""

    def __init__(self, spec: JudgeSpec, channels: int, words: int) -> None:
        super().__init__()
        self.backbone = build(spec.backbone)
        levels = self.backbone.feature_info.channels()  # type: ignore[operator, union-attr]
        self.pyramid = FeaturePyramidNetwork(levels, spec.width)
        self.speak = nn.Conv2d(spec.width, channels, 1)
        with torch.no_grad():
            self.speak.bias[:words] = _RARE  # type: ignore[index]

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """See the class."""
        made: torch.Tensor = self.speak(self.finest(pictures))
        return made

    def finest(self, pictures: torch.Tensor) -> torch.Tensor:
        """Features at `STRIDE`: (n, width, h/4, w/4), not below 0."""
        levels = {str(index): level for index, level in enumerate(self.backbone(pictures))}
        finest: torch.Tensor = self.pyramid(levels)["0"].relu()
        return finest
