"""What a diffusion model offers: its settings with their bounds, for what its folder holds and no more.

This module knows settings. It does not know jobs, nor the libraries that do them: a server tells what it offers before
it spends seconds on importing those.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import ConfigurationError
from generators.base import CONTROL, MASK, PROMPT, SOURCE, Parameter

STEPS, MAX_STEPS = 20, 50
MAX_FAST_STEPS = 4
MAX_GUIDANCE = 20.0
QUALITY, FAST = "quality", "fast"
SOLVERS = ("dpm++", "unipc", "ddim", "euler")
"""What `schedulers` can build, the best for few steps first (C. Lu et al., DPM-Solver++, 2022)."""


@dataclass(frozen=True, slots=True)
class Offer:
    """sizes: sides of the squares that can be made, pixels, the model's own first. steps, fast_steps, guidance,
    scheduler: what is taken where a job does not say. max_steps: the most that a job may ask for.
    fast: whether there is a student of few steps. control: whether a drawn picture can be followed.
    """

    sizes: tuple[int, ...]
    steps: int = STEPS
    fast_steps: int = MAX_FAST_STEPS
    max_steps: int = MAX_STEPS
    guidance: float = 5.0
    scheduler: str = "dpm++"
    fast: bool = False
    control: bool = False

    def __post_init__(self) -> None:
        """Raises ConfigurationError for defaults that the offer itself would refuse."""
        within = 1 <= self.steps <= self.max_steps <= 1000 and 1 <= self.fast_steps <= MAX_FAST_STEPS
        if not within or not 1.0 <= self.guidance <= MAX_GUIDANCE or self.scheduler not in SOLVERS:
            raise ConfigurationError("the model's default steps, guidance or scheduler are out of range")

    @property
    def inputs(self) -> frozenset[str]:
        """What a job may bring."""
        return frozenset({PROMPT, SOURCE, MASK, *((CONTROL,) if self.control else ())})

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The settings, in the order in which they are shown."""
        steps = f"steps of the solver, 1 to {self.max_steps}; 0 takes {self.steps}"
        if self.fast:
            steps += f", and {self.fast_steps} in the mode {FAST!r}, which takes at most {MAX_FAST_STEPS}"
        return (
            Parameter("size", "int", self.sizes[0], "side of the square picture, pixels", choices=self.sizes),
            Parameter("steps", "int", 0, steps, minimum=0, maximum=self.max_steps),
            Parameter(
                *("guidance", "float", self.guidance, "how closely the prompt is followed; 1 leaves guidance off"),
                minimum=1.0,
                maximum=MAX_GUIDANCE,
            ),
            Parameter(
                *("scheduler", "string", self.scheduler, "the solver; the mode 'fast' has its own and ignores this"),
                choices=SOLVERS,
            ),
            Parameter(
                *("strength", "float", 0.0, "how much of a source is made anew; 0 takes 0.6, and 1 under a mask"),
                minimum=0.0,
                maximum=1.0,
            ),
            *(self._fast_parameters() if self.fast else ()),
            *(self._control_parameters() if self.control else ()),
        )

    def _fast_parameters(self) -> tuple[Parameter, ...]:
        told = f"{FAST!r} takes a few steps only, for a softer picture"
        return (Parameter("mode", "string", QUALITY, told, choices=(QUALITY, FAST)),)

    def _control_parameters(self) -> tuple[Parameter, ...]:
        told = "how closely a control picture is followed"
        return (Parameter("control_scale", "float", 1.0, told, minimum=0.0, maximum=2.0),)


def offer_of(stated: Mapping[str, Any], sizes: tuple[int, ...], *, fast: bool, control: bool) -> Offer:
    """An offer with the defaults that a manifest states. Raises ConfigurationError for unknown or unfit ones."""
    known = {"steps": int, "fast_steps": int, "max_steps": int, "guidance": float, "scheduler": str}
    if unknown := stated.keys() - known.keys():
        raise ConfigurationError(f"a text-to-image model has no default {min(unknown)!r}; it has: {', '.join(known)}")
    try:
        defaults: dict[str, Any] = {name: known[name](value) for name, value in stated.items()}
    except (TypeError, ValueError) as error:
        raise ConfigurationError(f"a default of the text-to-image model is no number: {error}") from error
    return Offer(sizes, fast=fast, control=control, **defaults)
