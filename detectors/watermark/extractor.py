"""The network that looks at a picture and sees the mark: what is left when the picture itself is predicted away.

It works at half the scale, where a tile is 32 pixels: the mark has no finer waves. It starts as a high-pass filter
that trusts flat areas more than textured ones, and learns what to subtract from it and where to believe it. Knows
pictures whose tile is 64 pixels; knows no words.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

_LOCAL = 2  # pixels of half scale: reach of the local mean, and of the local contrast
_TRUST = -1.3  # power of the local contrast that a classical reader divides by; −1 alone would whiten


class Extractor(nn.Module):
    """(n, 3, h, w) RGB of 0–255 to (n, 1, h/2, w/2), the mark's likelihood in each place, signed; h and w even."""

    def __init__(self, features: int = 32, dilations: tuple[int, ...] = (1, 1, 2, 2, 4, 1)) -> None:
        super().__init__()
        self.head = nn.Conv2d(8, features, 3, padding=1)
        self.body = nn.ModuleList(
            nn.Conv2d(features, features, 3, padding=dilation, dilation=dilation) for dilation in dilations
        )
        self.tail = nn.Conv2d(features, 2, 3, padding=1)
        for last in self.tail.parameters():
            nn.init.zeros_(last)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """High-pass, minus what the network predicts, times how far it believes the place."""
        luma, chroma = _split(pictures)
        half = functional.avg_pool2d(luma, 2)
        mean = _box(half, _LOCAL)
        detail = half - mean
        contrast = (_box(detail * detail, _LOCAL) + 1).log() / 2
        fine = functional.pixel_unshuffle(luma, 2) - mean
        scale = contrast.exp()
        features = functional.relu(self.head(torch.cat([fine / scale, contrast, mean / 128 - 1, chroma], dim=1)))
        for layer in self.body:
            features = functional.relu(features + layer(features))
        predicted, belief = self.tail(features).float().split(1, dim=1)
        likelihood: torch.Tensor = (detail + predicted * scale) * (_TRUST * contrast + belief.clamp(-3, 3)).exp()
        return likelihood


def _split(pictures: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Luma (n, 1, h, w) of 0–255, and two colour differences at half scale, about −1 to 1."""
    weights = torch.tensor([0.299, 0.587, 0.114], dtype=pictures.dtype, device=pictures.device).view(1, 3, 1, 1)
    luma = (pictures * weights).sum(dim=1, keepdim=True)
    colour = functional.avg_pool2d(pictures[:, ::2] - luma, 2) / 64
    return luma, colour


def _box(values: torch.Tensor, reach: int) -> torch.Tensor:
    """Mean over a window of 2·reach + 1, taken twice, which is nearly a Gaussian; cut off at the borders."""
    for _ in range(2):
        values = functional.avg_pool2d(values, 2 * reach + 1, 1, reach, count_include_pad=False)
    return values
