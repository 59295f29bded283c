"""What is done to a merged picture: a network takes out what merging leaves of noise, blur and misplaced samples.

It learned from bursts that were merged here, and begins where the merge ends. This module knows pictures; it does not
know what they were merged from.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import ConfigurationError
from core.media import Frame
from generators.base import IsCancelled, Progress
from generators.deep import enhanced, like, to_unit
from generators.tiling import Plan, Samples
from generators.upscale import Enlarger


@dataclass(frozen=True, eq=False, slots=True)
class Finish:
    """network: of factor 1. plan: tiles whose margin MUST reach as far as it looks. doubt: σ of the noise, where white
    is 255, at which half of what the network would change is changed.

    A merge of clean pictures is nearer the truth than what a network makes of it; one of noisy pictures is not.
    Raises ConfigurationError for a network that enlarges.
    """

    network: Enlarger
    plan: Plan
    doubt: float

    def __post_init__(self) -> None:
        if self.network.scale != 1:
            raise ConfigurationError(f"what finishes a merge keeps its size, and this enlarges ×{self.network.scale}")

    @property
    def digest(self) -> str:
        """Of all that shapes its output."""
        return f"{self.network.digest} {self.plan} {self.doubt}"

    def __call__(self, merged: Frame, noise: float, progress: Progress, cancelled: IsCancelled) -> Frame:
        """A frame of the same size and depth. noise: σ in the pictures that were merged, where white is 255.

        Greys stay greys. Raises Cancelled.
        """
        heeded = share(noise, self.doubt)

        def transform(tile: Samples) -> Samples:
            values = to_unit(tile)
            return like(tile, values + heeded * (self.network(values) - values))

        return enhanced(transform, merged, self.plan.aligned(self.network.multiple_of), 1, progress, cancelled)


def share(noise: float, doubt: float) -> float:
    """How much of a network's change is heeded, 0 to 1: the noise's share of the variance of both."""
    return noise**2 / (noise**2 + doubt**2) if noise else 0.0
