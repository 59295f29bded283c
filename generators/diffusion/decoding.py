"""Latents and pictures, one into the other, by the model's autoencoder. Knows no steps."""

from __future__ import annotations

import torch
from torch.nn import functional

from core.media import Pixels
from generators.diffusion import pictures
from generators.diffusion.components import Components

PREVIEW_LATENTS = 16
"""Longest side of the latents of which a preview is decoded; a decoder's cost grows with the square of it."""


def decode(components: Components, latents: torch.Tensor) -> Pixels:
    """The picture RGB uint8 (h, w, 3) of the latents of one, (c, h / factor, w / factor).

    One at a time: decoders need far more memory for a picture than the network does for its latents.
    """
    scaled = latents[None].to(components.dtype) / components.vae.config.scaling_factor
    with torch.inference_mode():
        return pictures.to_pixels(components.vae.decode(scaled, return_dict=False)[0][0])


def decode_small(components: Components, latents: torch.Tensor) -> Pixels:
    """As `decode`, of latents made no larger than `PREVIEW_LATENTS`: cheap at every size."""
    side = max(latents.shape[-2:])
    if side > PREVIEW_LATENTS:
        factor = PREVIEW_LATENTS / side
        latents = functional.interpolate(latents[None].float(), scale_factor=factor, mode="area")[0]
    return decode(components, latents)


def encode(components: Components, values: torch.Tensor) -> torch.Tensor:
    """The latents (n, c, h, w) of pictures float (n, 3, h, w) from 0 to 1, without the encoder's noise."""
    scaled = (values * 2 - 1).to(components.device, components.dtype)
    with torch.inference_mode():
        made: torch.Tensor = components.vae.encode(scaled).latent_dist.mode() * components.vae.config.scaling_factor
    return made
