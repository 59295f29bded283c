"""The state of a run: kept whole or not at all, and read back exactly.

A checkpoint is made and read by the same trainer on the same machine; it is never a way to hand weights on.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from core.errors import ConfigurationError


@dataclass(slots=True)
class State:
    """step: batches seen. elapsed: seconds of the budget spent. average: running average of the network's weights."""

    network: nn.Module
    average: nn.Module
    optimizer: torch.optim.Optimizer
    step: int = 0
    elapsed: float = 0.0

    def follow(self, decay: float) -> None:
        """Moves the average towards the weights as they are: to decay · average + (1 - decay) · weights."""
        with torch.no_grad():
            for kept, current in zip(self.average.parameters(), self.network.parameters(), strict=True):
                kept.lerp_(current, 1 - decay)


def save(path: Path, state: State, recipe_digest: str) -> None:
    """Writes beside the target and renames, so that an interrupted save leaves the older checkpoint."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    torch.save(
        {
            "recipe": recipe_digest,
            "network": state.network.state_dict(),
            "average": state.average.state_dict(),
            "optimizer": state.optimizer.state_dict(),
            "step": state.step,
            "elapsed": state.elapsed,
        },
        partial,
    )
    partial.replace(path)


def restore(path: Path, state: State, recipe_digest: str) -> None:
    """Loads a checkpoint into `state`. Raises ConfigurationError when another recipe made it."""
    saved: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    if saved["recipe"] != recipe_digest:
        raise ConfigurationError(f"{path.name} belongs to recipe {saved['recipe']}, not {recipe_digest}")
    state.network.load_state_dict(saved["network"])
    state.average.load_state_dict(saved["average"])
    state.optimizer.load_state_dict(saved["optimizer"])
    state.step = int(saved["step"])
    state.elapsed = float(saved["elapsed"])
