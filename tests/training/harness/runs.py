"""What runs of any training share in tests: a clock, and a cut between two steps."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import torch
from torch import nn

from training.harness.loop import Report


class PowerCut(Exception):
    """Ends a run between two steps."""


def seconds() -> Callable[[], float]:
    """A clock on which everything takes one second."""
    ticks = count()
    return lambda: float(next(ticks))


def cut_at(step: int) -> Callable[[Report], None]:
    """Cuts the power after a step."""

    def report(report: Report) -> None:
        if report.step == step:
            raise PowerCut

    return report


def weights(network: nn.Module) -> torch.Tensor:
    """All parameters, one after another."""
    return torch.cat([value.detach().ravel() for value in network.parameters()])
