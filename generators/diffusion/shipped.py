"""A pinned folder of weights → the generator that it makes. Knows what a folder may hold besides diffusers' parts."""

from __future__ import annotations

from collections.abc import Sequence

from core.weight_folder import PinnedFolder
from generators.base import Card
from generators.diffusion import components, enlarging, lexicon, neighbours
from generators.diffusion.offer import offer_of
from generators.diffusion.text_to_image import TextToImage
from generators.restoration import Restorer


def load(weights: PinnedFolder, card: Card, device: str, networks: Sequence[Restorer] = ()) -> TextToImage:
    """The generator of that name, on `device`. networks: upscalers, for sizes above the model's own.

    Its defaults (steps, guidance, …) are the folder's parameters. Raises as `PinnedFolder.verified`, `components.load`,
    `neighbours.load` and `lexicon.load` do, and ConfigurationError for unfit defaults.
    """
    with weights.verified() as folder:
        parts = components.load(folder, device, weights.name)
        digest = weights.files.get(neighbours.FILE)
        known = neighbours.load(folder / neighbours.FILE, digest) if digest else None
        words = lexicon.load(folder / lexicon.FILE) if lexicon.FILE in weights.files else None
    enlarger = enlarging.of(networks)
    offer = offer_of(
        weights.parameters,
        enlarger.sizes(parts.native),
        fast=parts.unet_fast is not None,
        control=parts.controlnet is not None,
    )
    return TextToImage(
        weights.name, parts, card, weights.digest, offer, enlarger=enlarger, neighbours=known, lexicon=words
    )
