"""How far a network looks, and so what the margin of its tiles has to be: found by asking it, not by counting."""

from __future__ import annotations

import torch
from torch import nn

_SIDE = 256  # of the picture that is asked about, pixels
_TRIES = 4


def reach(network: nn.Module, grid: int, channels: int = 3) -> int:
    """Pixels of the source, the farthest from a place that its output there depends on.

    grid: the pixels on which the network pools; it is asked about each place of one cell's diagonal. channels: that it
    is given. Random pictures, of which a maximum takes one pixel at a time: several are asked about, with torch's seed.
    """
    network.eval()
    found = 0
    for _ in range(_TRIES):
        pixels = torch.rand(1, channels, _SIDE, _SIDE, requires_grad=True)
        made = network(pixels)
        factor = made.shape[-1] // _SIDE
        for offset in range(grid):
            place = _SIDE // 2 + offset
            (seen,) = torch.autograd.grad(made[0, :, place * factor, place * factor].sum(), pixels, retain_graph=True)
            rows, columns = torch.nonzero(seen[0].abs().amax(dim=0), as_tuple=True)
            found = max(found, *(int((axis - place).abs().max()) for axis in (rows, columns)))
    return found
