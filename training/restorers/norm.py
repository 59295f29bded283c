"""NAFNet's layer norm as torch computes it in one pass: the same numbers and names, for training alone.

Spandrel's class takes it apart into ten passes over memory, which on a CPU cost more than all convolutions together.
"""

from __future__ import annotations

import torch
from spandrel.architectures.NAFNet.__arch.arch_util import LayerNorm2d
from torch import nn
from torch.nn import functional


class Norm(nn.Module):
    """Normalises each pixel of (n, c, h, w) over its channels. Its parameters are those of `other`."""

    def __init__(self, other: LayerNorm2d) -> None:
        super().__init__()
        self.weight, self.bias, self._eps = other.weight, other.bias, float(other.eps)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Of the same shape. Channels last, turning them costs nothing."""
        made = functional.layer_norm(values.permute(0, 2, 3, 1), self.weight.shape, self.weight, self.bias, self._eps)
        return made.permute(0, 3, 1, 2)


def in_one_pass(network: nn.Module) -> None:
    """Puts `Norm` in the place of every `LayerNorm2d` of a network."""
    for module in list(network.modules()):
        for name, child in module.named_children():
            if isinstance(child, LayerNorm2d):
                setattr(module, name, Norm(child))
