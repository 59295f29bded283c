"""The solvers of the diffusion equation that are offered, built anew for each call because they hold its state.

All of them read one configuration, that of the training: the noise schedule, what the network predicts, how steps are
spaced. This module knows diffusers' solver classes. It does not know networks.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import wraps
from typing import Any, TypeAlias

import torch
from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerDiscreteScheduler,
    LCMScheduler,
    UniPCMultistepScheduler,
)

from core.errors import IntegrityError

Scheduler: TypeAlias = Any
"""One of diffusers' solvers; they share no base class that has `step`."""
SCHEDULERS: Mapping[str, Any] = {
    "dpm++": DPMSolverMultistepScheduler,
    "unipc": UniPCMultistepScheduler,
    "ddim": DDIMScheduler,
    "euler": EulerDiscreteScheduler,
}
"""The choices by name, those of `offer.SOLVERS`."""
# As diffusers' pipelines demand and would otherwise set themselves, with a warning at every call.
_DEMANDED = {"steps_offset": 1, "clip_sample": False}


def build(config: Mapping[str, Any], name: str) -> Scheduler:
    """A fresh solver of that name. Raises IntegrityError for a configuration that it cannot be built of."""
    return _built(SCHEDULERS[name], config)


def build_fast(config: Mapping[str, Any]) -> Scheduler:
    """The solver of few-step students (S. Luo et al., Latent Consistency Models, 2023)."""
    return _built(LCMScheduler, config)


def _built(kind: Any, config: Mapping[str, Any]) -> Scheduler:
    try:
        return kind.from_config({**config, **_DEMANDED})
    except (ValueError, TypeError, NotImplementedError, LookupError) as error:
        raise IntegrityError(f"{kind.__name__} cannot be built of the model's scheduler configuration") from error


class Watched:
    """Keeps what a solver takes the finished latents to be after its latest step, which pipelines do not hand on.

    estimate: the latents (n, c, h, w), None before the first step.
    """

    def __init__(self, scheduler: Scheduler) -> None:
        self.estimate: torch.Tensor | None = None
        self._scheduler = scheduler
        # In place of the method, so that the pipeline's call of it is seen. The solver lives for this call only.
        scheduler.step = self._keeping(scheduler.step)

    def _keeping(self, step: Any) -> Any:
        @wraps(step)  # pipelines look at its parameters for whether it draws noise
        def kept(*arguments: Any, **options: Any) -> Any:
            result = step(*arguments, **options)
            # Multistep solvers keep their estimates for the next step; the others return theirs second.
            self.estimate = result[1] if len(result) > 1 else self._scheduler.model_outputs[-1]
            return result

        return kept
