"""Starts a network for one scale from a trained network for another.

Every layer but the last sees small pictures only, so it serves any scale. The last one is linear and is solved for
directly, by ridge regression on some batches: the run then starts above bicubic instead of spending itself on
getting there.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from spandrel.architectures.Compact import Compact
from torch import nn

from core.errors import ConfigurationError
from core.weights import read_manifest
from generators.restoration import load
from training.restorers.start import Batch, inherit, solve_last

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


def warm_start(network: Compact, source: Compact, batches: Iterable[Batch]) -> None:
    """Changes `network` in place. source: of the same features and blocks. batches: as of `solve_last`, a few tens.

    Raises ConfigurationError where the source is built differently, TypeError for a network without a last convolution.
    """
    last = network.body[-1]
    if not isinstance(last, nn.Conv2d):
        raise TypeError("a Compact network ends in a convolution")
    inherit(network, last, source.state_dict())
    solve_last(network, last, batches, _RIDGE)
