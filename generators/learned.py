"""Restorers that learned from photographs, and ship. What differs from brought networks is what is known of them.

Where a class has a plan, it is of tiles whose margin MUST reach as far as the network looks, or their edges show.
"""

from __future__ import annotations

from generators.base import Card, Parameter, version_of
from generators.own.generator import OwnRestorer
from generators.profiles import PROFILE
from generators.restoration import Restorer
from generators.tiling import Plan, Transform
from generators.told import SIGMA, Told

MOST_TOLD = 60.0
"""σ in 8-bit steps, the strongest that a network that is told learned from; stronger noise it is told as this."""


LEAST_TOLD, LEAST_FOUND = 4.0, 8.0
"""σ in 8-bit steps below which it does more harm than good: where it is stated, and where it is estimated, which takes
fine texture for noise. On 40 photographs of the train split, told 2 it made 22 worse, told 4 three; of photographs
without noise one in forty is estimated at 8 or more.
"""


class LearnedDenoiser(OwnRestorer):
    """A generator of the task "denoise" that finds out by itself how strong noise and compression are."""

    parameters: tuple[Parameter, ...] = (PROFILE,)

    def __init__(self, name: str, network: Restorer, card: Card, plan: Plan) -> None:
        super().__init__(name, "denoise", network, card, plan, perceptual=False)


class LearnedDeblurrer(OwnRestorer):
    """A generator of the task "deblur" that finds out by itself how a picture is blurred."""

    parameters: tuple[Parameter, ...] = (PROFILE,)

    def __init__(self, name: str, network: Restorer, card: Card, plan: Plan) -> None:
        super().__init__(name, "deblur", network, card, plan, perceptual=False)


class ToldDenoiser(Told):
    """A network of four channels, see `generators.restoration.TOLD`."""

    parameters: tuple[Parameter, ...] = (SIGMA, PROFILE)
    least, least_found = LEAST_TOLD, LEAST_FOUND

    def __init__(self, name: str, network: Restorer, card: Card, plan: Plan) -> None:
        self.name = name
        self.card = card
        self.plan = plan
        self.version = version_of(name, plan, LEAST_TOLD, LEAST_FOUND, MOST_TOLD, network.digest)
        self._network = network

    def at(self, level: float) -> Transform:
        """See `Told`."""
        return self._network.at(min(level, MOST_TOLD / 255.0))
