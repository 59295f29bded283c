"""Where a network's training starts: its last convolution is solved for, so that no step is spent on getting there.

Whatever the layers before it make of a picture, the best last convolution is a linear regression. From layers that
learned nothing yet it gives the best linear filter of what they pass on, which for enlargement is above bicubic.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import nn
from torch.nn import functional

from core.errors import ConfigurationError

Batch = tuple[torch.Tensor, torch.Tensor]
_RIDGE = 1e-5


def solve_last(network: nn.Module, last: nn.Conv2d, batches: Iterable[Batch], ridge: float = _RIDGE) -> None:
    """Changes `last`, the convolution that `network` ends in, in place; only a pixel shuffle may follow it.

    batches: (spoiled, wanted) floats in 0–1, (n, 3, h, w) and (n, 3, h·scale, w·scale). Whatever the network adds to
    what the convolution says (the spoiled picture, its nearest enlargement) is taken off first. ridge: of the mean of
    the Gram matrix's diagonal.
    """
    if last.bias is None:
        raise TypeError("the last convolution needs a bias")
    with torch.no_grad():
        last.weight.zero_()
        last.bias.zero_()
        solution = _least_squares(network, last, batches, ridge).T.float()
        last.weight.copy_(solution[:, :-1].reshape(last.weight.shape))
        last.bias.copy_(solution[:, -1])


def _least_squares(network: nn.Module, last: nn.Conv2d, batches: Iterable[Batch], ridge: float) -> torch.Tensor:
    """(inputs + 1, outputs): weights and, in the last row, biases. last: all zeros."""
    seen: list[torch.Tensor] = []
    hook = last.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    gram, moment = torch.zeros(1, dtype=torch.float64), torch.zeros(1, dtype=torch.float64)
    try:
        for spoiled, wanted in batches:
            missing = wanted - network(spoiled)
            rows = _rows(seen.pop(), last)
            answers = _spread(missing, last)
            gram, moment = gram + rows.T @ rows, moment + rows.T @ answers
    finally:
        hook.remove()
    if gram.dim() == 1:
        raise ValueError("no batches to solve the last convolution from")
    added = ridge * gram.diagonal().mean() * torch.eye(len(gram), dtype=gram.dtype)
    solution: torch.Tensor = torch.linalg.solve(gram + added, moment)
    return solution


def _rows(inputs: torch.Tensor, last: nn.Conv2d) -> torch.Tensor:
    """One row for each pixel that the convolution sees: its inputs there, and a one."""
    size, padding = last.kernel_size[0], last.kernel_size[0] // 2
    rows = functional.unfold(inputs, kernel_size=size, padding=padding).transpose(1, 2).flatten(0, 1).double()
    return torch.cat([rows, torch.ones(len(rows), 1, dtype=torch.float64)], dim=1)


def _spread(pictures: torch.Tensor, last: nn.Conv2d) -> torch.Tensor:
    """What the convolution should have said: one row for each pixel, the pixel shuffle undone."""
    factor = round((last.out_channels / pictures.shape[1]) ** 0.5)
    return functional.pixel_unshuffle(pictures, factor).flatten(2).transpose(1, 2).flatten(0, 1).double()


def inherit(network: nn.Module, last: nn.Conv2d, source: Mapping[str, torch.Tensor]) -> None:
    """Takes over all tensors of a trained network but those of `last`, which serve one scale only.

    Raises ConfigurationError where the other network is built differently.
    """
    own = {id(last.weight), id(last.bias)}
    wanted = {name: value for name, value in network.named_parameters() if id(value) not in own}
    for name, value in wanted.items():
        if name not in source or source[name].shape != value.shape:
            raise ConfigurationError(f"the network to start from has no {name} of shape {tuple(value.shape)}")
    with torch.no_grad():
        for name, value in wanted.items():
            value.copy_(source[name])
