"""The network: traces of a picture's past → log odds of "manipulated" per cell, and how far to trust them.

The second channel of its U-Net is TruFor's idea: it learns the probability that the
first gives to the truth (Guillaro et al. 2023; Corbière et al. 2019).
"""

from __future__ import annotations

import torch
from torch import nn

from detectors.manipulation.traces import Traces
from detectors.manipulation.unet import Shape, unet_of

LARGEST_SHARE = 0.01
"""Of the cells: the score in training is the mean over the most suspicious ones, so that it does not grow with the
picture.
"""
JUDGED_SHARE = 0.05
"""Of the cells, for `contrasts`. It was chosen among 25 figures of the maps, by the photographs of the calibration."""


class ManipulationNetwork(nn.Module):
    """Pictures float (n, 3, h, w), -1 to 1, sides multiples of 32 → log odds and the confidence's, (n, 2, h/4, w/4)."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.traces = Traces()
        self.unet = unet_of(shape, rare=1)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """See the class."""
        return self.look(pictures)[0]

    def look(self, pictures: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The maps, and what `Traces` says of each picture as a whole; in single precision."""
        traces, described = self.traces.look(pictures)
        maps: torch.Tensor = self.unet(traces, 0).sample
        return maps.float(), described


def scores(maps: torch.Tensor) -> torch.Tensor:
    """(n, 2, h, w) → (n,): the mean of the largest log odds, each weighed by its confidence."""
    return _largest(_weighed(maps), LARGEST_SHARE)


def contrasts(maps: torch.Tensor) -> torch.Tensor:
    """(n, 2, h, w) → (n,), 0 or more: how far the most suspicious twentieth stands out of the middle of the picture, by
    which verdicts are given. What raises the log odds all over, such as blur, is no part with another past.
    """
    weighed = _weighed(maps)
    return _largest(weighed, JUDGED_SHARE) - weighed.median(dim=1).values


def _weighed(maps: torch.Tensor) -> torch.Tensor:
    """(n, cells): the log odds, each by its confidence."""
    return (maps[:, 0] * torch.sigmoid(maps[:, 1].detach())).flatten(1)


def _largest(weighed: torch.Tensor, share: float) -> torch.Tensor:
    """The mean of the largest share, (n,)."""
    most = max(1, round(weighed.shape[1] * share))
    return weighed.topk(most, dim=1).values.mean(dim=1)
