"""What every recipe for the plain loop says, and every one of a model of scenes besides."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from training.recipe import Plan


class LoopPlan(Plan):
    """A run of `training.harness.loop`, whatever it learns from.

    precision: "bf16" runs the network under autocast, its weights stay in single precision.
    compile: the backend that `torch.compile` hands the network to; "auto" is inductor on GPUs and none elsewhere, where
    compiling takes longer than short runs gain.
    """

    weight_decay: float = Field(default=0.01, ge=0)
    warm_up: int = Field(default=200, gt=0)
    largest_gradient: float = Field(default=1.0, gt=0)
    precision: Literal["fp32", "bf16"] = "bf16"
    device: str = "auto"
    compile: Literal["auto", "none", "eager", "inductor"] = "auto"


class ScenePlan(LoopPlan):
    """A run over captioned scenes. prior: who roles are drawn as. side: of the pictures, pixels."""

    prior: str = "balanced"
    side: int = Field(gt=0)
