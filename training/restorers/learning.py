"""What a restoration network learns: to answer a spoiled patch with the patch as it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import nn

from training.loss import frequency_loss, pixel_loss
from training.restorers.spoiling import Batch


class Batches(Protocol):
    """Where patches come from: `spoiling.Spoiled` is one, `merged.Merged` another."""

    def batch(self, step: int) -> Batch:
        """Batch number `step`, a function of it alone: (spoiled, wanted), floats in 0–1, (n, 3, h, w)."""
        ...


@dataclass(frozen=True, slots=True)
class Restoring:
    """A task of the loop. frequency_weight: how much the difference of spectra counts beside that of pixels."""

    patches: Batches
    frequency_weight: float

    def loss(self, network: nn.Module, step: int) -> tuple[torch.Tensor, Mapping[str, float]]:
        """See `training.harness.loop.Task`."""
        device = next(network.parameters()).device
        spoiled, wanted = (part.to(device) for part in self.patches.batch(step))
        made = network(spoiled.contiguous(memory_format=torch.channels_last)).float()
        loss = pixel_loss(made, wanted)
        if self.frequency_weight:
            loss = loss + self.frequency_weight * frequency_loss(made, wanted)
        return loss, {}
