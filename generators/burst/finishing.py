"""What is done to a merged picture: a network takes out what merging leaves of noise, blur and misplaced samples.

It learned from bursts that were merged here, and begins where the merge ends. This module knows pictures; it does not
know what they were merged from.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import ConfigurationError
from core.media import Frame
from generators.base import IsCancelled, Progress
from generators.deep import enhanced
from generators.tiling import Plan
from generators.upscale import Enlarger


@dataclass(frozen=True, eq=False, slots=True)
class Finish:
    """network: of factor 1. plan: tiles whose margin MUST reach as far as it looks.

    Raises ConfigurationError for a network that enlarges.
    """

    network: Enlarger
    plan: Plan

    def __post_init__(self) -> None:
        if self.network.scale != 1:
            raise ConfigurationError(
                f"what finishes a merge keeps its size, and this one enlarges ×{self.network.scale}"
            )

    @property
    def digest(self) -> str:
        """Of all that shapes its output."""
        return f"{self.network.digest} {self.plan}"

    def __call__(self, merged: Frame, progress: Progress, cancelled: IsCancelled) -> Frame:
        """A frame of the same size and depth. Greys stay greys. Raises Cancelled."""
        plan = self.plan.aligned(self.network.multiple_of)
        return enhanced(self.network, merged, plan, 1, progress, cancelled)
