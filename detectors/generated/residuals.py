"""What is left of a picture without its content: differences between neighbours, in which decoders leave traces.

Knows pictures as tensors. Does not know any network.
"""

from __future__ import annotations

import torch
from torch.nn import functional

CHANNELS = 12
_SOFT = 16.0  # 8-bit steps: traces are a few of them, edges many, and those are squeezed


def residuals(pictures: torch.Tensor) -> torch.Tensor:
    """Float32 RGB (n, 3, h, w), 0–255, even sides → (n, 12, h, w), -1 to 1.

    Of each colour: the difference to the corner of its 2×2 block (neighbouring pixel relationships: Tan et al. 2024,
    arXiv 2312.10461), and the second differences across, down and both ways (SRM: Fridrich & Kodovský 2012).
    """
    corners = pictures[..., ::2, ::2].repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
    padded = functional.pad(pictures, (1, 1, 1, 1), mode="reflect")
    across = padded[..., :-2] - 2 * padded[..., 1:-1] + padded[..., 2:]
    both = across[..., :-2, :] - 2 * across[..., 1:-1, :] + across[..., 2:, :]
    down = padded[..., :-2, 1:-1] - 2 * padded[..., 1:-1, 1:-1] + padded[..., 2:, 1:-1]
    left = torch.cat([pictures - corners, across[..., 1:-1, :] / 2, down / 2, both / 4], dim=1)
    return torch.tanh(left / _SOFT)
