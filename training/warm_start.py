"""Starts a network for one scale from a trained network for another.

Every layer but the last sees small pictures only, so it serves any scale. The last one is linear and is solved for
directly, by ridge regression on some batches: the run then starts above bicubic instead of spending itself on
getting there.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import torch
from spandrel.architectures.Compact import Compact
from torch import nn
from torch.nn import functional

from core.errors import ConfigurationError
from core.weights import read_manifest
from generators.restoration import load

Batch = tuple[torch.Tensor, torch.Tensor]
_RIDGE = 1e-6  # of the mean of the Gram matrix's diagonal


def shipped_network(name: str, manifest: Path) -> Compact:
    """A network that `weights.toml` pins, to start another from. Raises ConfigurationError without such a Compact."""
    pinned = read_manifest(manifest)
    if name not in pinned:
        raise ConfigurationError(f"{manifest.name} has no {name!r} to start from")
    network = load(pinned[name], device="cpu").network.model
    if not isinstance(network, Compact):
        raise ConfigurationError(f"{name!r} is no Compact network")
    return network


def warm_start(network: Compact, source: Compact, scale: int, batches: Iterable[Batch]) -> None:
    """Changes `network` in place. source: of the same features and blocks.

    batches: (small, large) floats in 0–1, (n, 3, h, w) and (n, 3, h·scale, w·scale); a few tens suffice.
    """
    network.body[:-1].load_state_dict(source.body[:-1].state_dict())
    last = network.body[-1]
    if not isinstance(last, nn.Conv2d) or last.bias is None:
        raise TypeError("a Compact network ends in a convolution with bias")
    solution = _least_squares(nn.Sequential(*network.body[:-1]), scale, batches).T.float()
    with torch.no_grad():
        last.weight.copy_(solution[:, :-1].reshape(last.weight.shape))
        last.bias.copy_(solution[:, -1])


def _least_squares(trunk: nn.Module, scale: int, batches: Iterable[Batch]) -> torch.Tensor:
    """(inputs + 1, 3·scale²): weights and, in the last row, biases of the best last convolution."""
    sums: list[Batch] = []
    with torch.no_grad():
        for small, large in batches:
            inputs, wanted = _rows(trunk, scale, small, large)
            sums.append((inputs.T @ inputs, inputs.T @ wanted))
    if not sums:
        raise ValueError("no batches to fit the last layer on")
    gram, moment = (torch.stack(parts).sum(dim=0) for parts in zip(*sums, strict=True))
    ridge = _RIDGE * gram.diagonal().mean() * torch.eye(len(gram), dtype=gram.dtype)
    solution: torch.Tensor = torch.linalg.solve(gram + ridge, moment)
    return solution


def _rows(trunk: nn.Module, scale: int, small: torch.Tensor, large: torch.Tensor) -> Batch:
    """One row for each small pixel: the last convolution's inputs and a one; what it should answer."""
    inputs = functional.unfold(trunk(small), kernel_size=3, padding=1).transpose(1, 2).flatten(0, 1).double()
    # Compact adds the nearest pixel by itself.
    missing = large - functional.interpolate(small, scale_factor=scale, mode="nearest")
    wanted = functional.pixel_unshuffle(missing, scale).flatten(2).transpose(1, 2).flatten(0, 1).double()
    return torch.cat([inputs, torch.ones(len(inputs), 1, dtype=torch.float64)], dim=1), wanted
