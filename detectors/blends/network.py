"""The network: traces of a picture's past → log odds of "blended in" and of "border of a blend" per cell, and a score.

The border is what a blend cannot do without, whatever was blended (Li et al. 2020, "Face X-ray"); the part is where the
past is another one. The U-Net is that of the localiser, from whose weights it started.
"""

from __future__ import annotations

import torch
from torch import nn

from detectors.manipulation.traces import Traces
from detectors.manipulation.unet import Shape, unet_of

PART, BORDER = 0, 1
"""The channels of its maps."""
_LARGEST_SHARE = 0.02  # of the cells: those that decide, so that the score does not grow with the picture
_FIRST = ((0.5, 0.5, 0.0, 0.0),)  # of the score: what is highest in either map, before anything is learned


class BlendNetwork(nn.Module):
    """Pictures float (n, 3, h, w), -1 to 1, sides multiples of 32 → scores (n,), maps (n, 2, h/4, w/4), what `Traces`
    says of each picture as a whole (n, d); float32.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.traces = Traces()
        self.unet = unet_of(shape, rare=2)
        self.whole = nn.Linear(4, 1)
        with torch.no_grad():
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
