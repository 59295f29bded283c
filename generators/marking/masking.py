"""How much of a mark each part of a picture can hide.

Starts from what is known of vision: texture hides, flat areas do not, and an edge hides little although its contrast is
high, so that texture is a *geometric* mean over a neighbourhood, which one flat corner pulls down. A small network
corrects this by up to half. Knows pictures at the scale where a tile is 64 pixels; knows no words.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

LUMA = (0.299, 0.587, 0.114)  # BT.601
MOST_STRENGTH = 0.7
"""Grey levels of a mark, as standard deviation, in a flat area: more shows in skies."""
_FLAT = 1.0  # grey levels that a flat area hides, by definition of the unit
_SLOPE, _POWER = 0.5, 0.8
_DETAIL, _AROUND, _NEIGHBOURHOOD = 1.5, 1.5, 4.0  # standard deviations of Gaussians, pixels
_EDGE = 20.0  # grey levels from black or white within which a mark would be clipped, and show
_REACH = 2.5  # standard deviations at which a Gaussian is cut off
_MOST_CORRECTION = 0.4  # of the natural logarithm


class Masking(nn.Module):
    """(n, 1, h, w) luma of 0–255 to (n, 1, h, w) amplitudes, in units of what a flat area hides; h and w even."""

    def __init__(self, features: int = 16) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(5, features, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(features, features, 3, padding=2, dilation=2),
            nn.ReLU(),
            nn.Conv2d(features, features, 3, padding=4, dilation=4),
            nn.ReLU(),
            nn.Conv2d(features, 1, 3, padding=1),
        )
        for last in self.body[-1].parameters():
            nn.init.zeros_(last)

    def forward(self, luma: torch.Tensor) -> torch.Tensor:
        """The known start times the learned correction."""
        with torch.autocast(luma.device.type, enabled=False):
            known = hiding(luma)
        half = functional.pixel_unshuffle(luma / 128 - 1, 2)
        seen = torch.cat([half, functional.avg_pool2d(known, 2).log()], dim=1)
        correction = _MOST_CORRECTION * torch.tanh(self.body(seen).float())
        return known * functional.interpolate(correction, scale_factor=2, mode="bilinear").exp()


def hiding(luma: torch.Tensor) -> torch.Tensor:
    """What vision hides before any learning; shapes and units as of `Masking`, at least 1/3."""
    detail = luma - blur(luma, _DETAIL)
    energy = blur(detail * detail, _AROUND)
    texture = blur((energy + 0.1).log(), _NEIGHBOURHOOD).exp()
    room = (torch.minimum(luma, 255 - luma).clamp(min=0) / _EDGE).clamp(1 / 3, 1)
    return (_FLAT + _SLOPE * texture ** (_POWER / 2)) * blur(room, _DETAIL)


def directions(pictures: torch.Tensor) -> torch.Tensor:
    """(n, 3, 1, 1): what one grey level of luma adds to red, green and blue of (n, 3, h, w).

    Along the luma weights themselves, which changes luma with the least squared error: 1.3 dB less than equal shares.
    A grey picture stays grey.
    """
    weights = torch.tensor(LUMA, dtype=pictures.dtype, device=pictures.device)
    grey = (pictures.amax(dim=1) == pictures.amin(dim=1)).flatten(1).all(dim=1)
    least = weights / weights.pow(2).sum()
    return torch.where(grey[:, None], torch.ones_like(least), least).view(-1, 3, 1, 1)


def luma_of(pictures: torch.Tensor) -> torch.Tensor:
    """(n, 3, h, w) to (n, 1, h, w), the same units."""
    weights = torch.tensor(LUMA, dtype=pictures.dtype, device=pictures.device)
    return (pictures * weights.view(1, 3, 1, 1)).sum(dim=1, keepdim=True)


def blur(picture: torch.Tensor, deviation: float) -> torch.Tensor:
    """A Gaussian over (…, h, w), its window cut off at the borders."""
    # As products with banded matrices: for one channel far faster than a convolution.
    height, width = picture.shape[-2:]
    return _band(height, deviation, picture.device) @ picture @ _band(width, deviation, picture.device).T


def _band(length: int, deviation: float, device: torch.device) -> torch.Tensor:
    at = torch.arange(length, dtype=torch.float32, device=device)
    distance = (at[:, None] - at[None]) / deviation
    weights = torch.where(distance.abs() <= _REACH, torch.exp(-distance * distance / 2), 0.0)
    return weights / weights.sum(dim=1, keepdim=True)
