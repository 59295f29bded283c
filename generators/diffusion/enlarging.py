"""The high-resolution pass: pictures of the model's own size enlarged by the in-house upscalers.

This module knows which sizes can be reached. It does not know how a network enlarges: `generators.upscale` does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from core.media import Pixels
from generators.base import IsCancelled, Progress, share
from generators.restoration import Restorer
from generators.upscale import enlarge

_LONGEST_CHAIN = 2
"""Passes one after the other: more would enlarge what the first ones got wrong."""


@dataclass(frozen=True, eq=False, slots=True)
class Enlarger:
    """networks: one for each factor; none offers the native size alone. largest: the longest side that is offered."""

    networks: Mapping[int, Restorer] = field(default_factory=dict)
    largest: int = 512

    def sizes(self, native: int) -> tuple[int, ...]:
        """The sides that can be made, the model's own first, then rising."""
        return (native, *sorted(native * factor for factor in self._chains() if native * factor <= self.largest))

    def enlarged(self, pixels: Pixels, size: int, progress: Progress, cancelled: IsCancelled) -> Pixels:
        """RGB uint8 (n, n, 3) → (size, size, 3), for a size out of `sizes(n)`."""
        chain = self._chains().get(size // pixels.shape[0], ())
        for index, factor in enumerate(chain):
            pixels = enlarge(self.networks[factor], pixels, share(progress, index, len(chain)), cancelled)
        return pixels

    @property
    def digests(self) -> tuple[str, ...]:
        """Of the networks' weights."""
        return tuple(self.networks[factor].digest for factor in sorted(self.networks))

    def _chains(self) -> dict[int, Sequence[int]]:
        """For each factor that can be reached, the shortest way there, larger factors first: 8 is 4, then 2."""
        chains: dict[int, Sequence[int]] = {}
        ends: list[tuple[int, ...]] = [()]
        for _ in range(_LONGEST_CHAIN):
            ends = [(*end, factor) for end in ends for factor in sorted(self.networks, reverse=True)]
            for end in ends:
                product = 1
                for factor in end:
                    product *= factor
                chains.setdefault(product, end)
        return chains


def of(networks: Sequence[Restorer], largest: int = 512) -> Enlarger:
    """An enlarger with these networks."""
    return Enlarger({network.scale: network for network in networks}, largest)
