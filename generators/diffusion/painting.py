"""What a model that paints says of itself, loaded or not: its settings, its version, what its work is to be called.

This module knows no library: `text_to_image` paints, and `waiting` loads that with the first order.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from importlib.metadata import version

from core.media import Kind
from generators.base import PHOTO, SOURCE, Card, version_of
from generators.diffusion.enlarging import Enlarger
from generators.diffusion.offer import Offer
from generators.still import STILL

_LIBRARIES = ("torch", "diffusers", "transformers")


class Painting:
    """What generators of the task "text_to_image" have in common. digest: of the weights."""

    task = "text_to_image"
    kinds: frozenset[Kind] = STILL
    source_type = "trainedAlgorithmicMedia"

    def __init__(self, name: str, card: Card, digest: str, offer: Offer, enlarger: Enlarger) -> None:
        self.name = name
        self.card = replace(card, profiles=frozenset({PHOTO}))  # what is sampled was not measured
        self.inputs = offer.inputs
        self.parameters = offer.parameters
        self._offer = offer
        self._enlarger = enlarger
        libraries = [f"{library} {version(library)}" for library in _LIBRARIES]
        self.version = version_of(name, digest, offer, *enlarger.digests, *libraries)

    def source_type_of(self, inputs: Collection[str], /) -> str:
        """IPTC: compositeWithTrainedAlgorithmicMedia is for generative edits of media: inpainting, outpainting."""
        return "compositeWithTrainedAlgorithmicMedia" if SOURCE in inputs else self.source_type
