"""What the recipe of a Compact network says, and what it learns: the two upscalers that ship, `training.restoration`.

Their recipes are older than the loop that all trainings share. What that loop lets a recipe say and these do not say,
stands here as the defaults that they were trained with: the digests of their files are in the card, and stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import nn

from training.checkpoint import State
from training.harness.plan import LoopPlan
from training.patches import Patches, Picture
from training.restorers.learning import Restoring
from training.schedule import progress_of


class Network(BaseModel):
    """A Compact network: `features` channels in `blocks` hidden convolutions."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    features: int = Field(ge=27, description="at least 27: nine neighbours of three colours carry the starting point")
    blocks: int = Field(ge=1)


class Recipe(LoopPlan):
    """How one Compact network is trained. Without decay of weights the loop's optimiser is Adam."""

    scale: int = Field(ge=2, le=4)
    network: Network
    patch: int = Field(gt=0, description="side of the small patch in pixels")
    frequency_weight: float = Field(ge=0, description="weight of the loss between spectra")
    frequency_from: float = Field(ge=0, le=1, description="progress from which the spectra count")
    warm_start: str | None = Field(default=None, description="a shipped model of the same features and blocks")
    weight_decay: float = Field(default=0.0, ge=0)
    warm_up: int = Field(default=30, gt=0)
    largest_gradient: float = Field(default=0.5, gt=0)
    precision: Literal["fp32", "bf16"] = "fp32"

    def patches(self, pictures: Mapping[str, Picture]) -> Patches:
        """What a run of it learns from."""
        return Patches(pictures, self.scale, self.patch, self.batch, self.seed)


@dataclass(frozen=True, slots=True)
class Enlarging:
    """A task of the loop: pixels alone at first, spectra as well from the recipe's `frequency_from` on."""

    recipe: Recipe
    patches: Patches
    state: State

    def loss(self, network: nn.Module, step: int) -> tuple[torch.Tensor, Mapping[str, float]]:
        """See `training.harness.loop.Task`."""
        late = progress_of(self.recipe, self.state) >= self.recipe.frequency_from
        return Restoring(self.patches, self.recipe.frequency_weight if late else 0.0).loss(network, step)
