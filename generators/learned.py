"""Denoisers that learned from photographs, and ship. What differs from brought networks is what is known of them."""

from __future__ import annotations

from generators.base import Card, Parameter
from generators.own.generator import OwnRestorer
from generators.profiles import PROFILE
from generators.restoration import Restorer
from generators.tiling import Plan


class LearnedDenoiser(OwnRestorer):
    """A generator of the task "denoise" that finds out by itself how strong noise and compression are.

    plan: tiles whose margin MUST reach as far as the network looks, or their edges show.
    """

    parameters: tuple[Parameter, ...] = (PROFILE,)

    def __init__(self, name: str, network: Restorer, card: Card, plan: Plan) -> None:
        super().__init__(name, "denoise", network, card, plan, perceptual=False)
