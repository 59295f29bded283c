"""Tiny networks that take a photograph apart and put it together again, each in another way that leaves its own trace.

What they share is that they reconstruct; what differs is how they enlarge, quantise or denoise. Knows no photographs.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

import torch
from diffusers import UNet2DModel
from pydantic import BaseModel, ConfigDict, Field
from torch import nn
from torch.nn import functional

Enlarging = Literal["nearest", "bilinear", "transposed", "shuffle"]


class AutoencoderSpec(BaseModel):
    """enlarge: how a map is doubled. factor: pixels to a cell of the code. levels: of its values, 0 for any value."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["autoencoder"] = "autoencoder"
    enlarge: Enlarging
    factor: Literal[2, 4, 8]
    width: int = Field(default=24, gt=0)
    latent: int = Field(gt=0, description="values a cell")
    levels: int = Field(default=0, ge=0)


class DenoiserSpec(BaseModel):
    """width: of the finest level. noise: deviation that a picture in 0–1 is buried in. steps: out of it again."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["denoiser"]
    width: int = Field(gt=0, multiple_of=8)
    noise: float = Field(gt=0)
    steps: int = Field(gt=0)


FamilySpec = Annotated[AutoencoderSpec | DenoiserSpec, Field(discriminator="kind")]


class Autoencoder(nn.Module):
    """Pictures float (n, 3, h, w), 0–1, sides divisible by the factor → the same from a small code."""

    def __init__(self, spec: AutoencoderSpec) -> None:
        super().__init__()
        wide = 2 * spec.width
        self.encode = nn.Sequential(
            nn.PixelUnshuffle(spec.factor),
            nn.Conv2d(3 * spec.factor**2, wide, 3, padding=1),
            _Residual(wide),
            nn.Conv2d(wide, spec.latent, 1),
        )
        self._levels = spec.levels
        doublings = spec.factor.bit_length() - 1
        widths = [wide, *([wide] * (doublings - 1)), spec.width]
        stages: list[nn.Module] = [nn.Conv2d(spec.latent, wide, 3, padding=1), _Residual(wide)]
        for before, after in pairwise(widths):
            stages += [*_doubling(spec.enlarge, before, after), nn.SiLU(), _Residual(after)]
        self.decode = nn.Sequential(*stages, nn.Conv2d(spec.width, 3, 3, padding=1))

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """The reconstruction, not clipped."""
        code = self.encode(pictures)
        if self._levels:
            code = _quantised(code, self._levels)
        made: torch.Tensor = self.decode(code) + 0.5
        return made

    def loss(self, pictures: torch.Tensor) -> torch.Tensor:
        """Of a batch, a scalar: of colours, and of differences between neighbours, lest all become soft."""
        made = self(pictures)
        return functional.l1_loss(made, pictures) + _edges(made, pictures)

    def reconstruct(self, pictures: torch.Tensor) -> torch.Tensor:
        """Float (n, 3, h, w), not clipped."""
        made: torch.Tensor = self(pictures)
        return made


class Denoiser(nn.Module):
    """A diffusion model in pixels: it buries a picture in noise and takes it out again, step by step (DDIM)."""

    def __init__(self, spec: DenoiserSpec) -> None:
        super().__init__()
        self._noise, self._steps = spec.noise, spec.steps
        self.network = UNet2DModel(
            block_out_channels=(spec.width, 2 * spec.width),
            down_block_types=("DownBlock2D", "DownBlock2D"),
            up_block_types=("UpBlock2D", "UpBlock2D"),
            layers_per_block=1,
            norm_num_groups=8,
            add_attention=False,
        )

    def forward(self, noisy: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        """The clean pictures that these seem to hide. noise: deviations, (n,)."""
        found: torch.Tensor = self.network(noisy - 0.5, noise * 1000).sample
        return noisy - found * noise[:, None, None, None]

    def loss(self, pictures: torch.Tensor) -> torch.Tensor:
        """Of a batch at noises drawn from torch's generator, a scalar; every noise counts the same."""
        noise = self._noise * torch.rand(len(pictures), device=pictures.device).clamp_min(0.02)
        spread = noise[:, None, None, None]
        made: torch.Tensor = self(pictures + spread * torch.randn_like(pictures), noise)
        return ((made - pictures).abs() / spread).mean()

    def reconstruct(self, pictures: torch.Tensor) -> torch.Tensor:
        """Float (n, 3, h, w), not clipped; the noise is drawn from torch's generator."""
        noisy = pictures + self._noise * torch.randn_like(pictures)
        for step in range(self._steps):
            now, then = (self._noise * (1 - at / self._steps) for at in (step, step + 1))
            clean = self(noisy, torch.full((len(noisy),), now, device=noisy.device))
            noisy = clean + (noisy - clean) * (then / now)
        return noisy


Family = Autoencoder | Denoiser


def family_of(spec: AutoencoderSpec | DenoiserSpec) -> Family:
    """The network that a recipe names, with fresh weights."""
    return Autoencoder(spec) if isinstance(spec, AutoencoderSpec) else Denoiser(spec)


class _Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.inner = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1), nn.SiLU(), nn.Conv2d(width, width, 3, padding=1)
        )

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        made: torch.Tensor = values + self.inner(values)
        return made


def _doubling(enlarge: Enlarging, before: int, after: int) -> list[nn.Module]:
    if enlarge == "transposed":
        return [nn.ConvTranspose2d(before, after, 4, stride=2, padding=1)]
    if enlarge == "shuffle":
        return [nn.Conv2d(before, 4 * after, 3, padding=1), nn.PixelShuffle(2)]
    return [nn.Upsample(scale_factor=2, mode=enlarge), nn.Conv2d(before, after, 3, padding=1)]


def _quantised(code: torch.Tensor, levels: int) -> torch.Tensor:
    """Each value to one of so many between -1 and 1; the gradient goes through as if it were not.

    A codebook without a book: finite scalar quantisation (Mentzer et al. 2023, arXiv 2309.15505).
    """
    half = (levels - 1) / 2
    bounded = torch.tanh(code)
    nearest = (bounded * half + half).round().sub(half) / half
    return bounded + (nearest - bounded).detach()


def _edges(made: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    return sum(
        (functional.l1_loss(made.diff(dim=axis), wanted.diff(dim=axis)) for axis in (2, 3)), start=made.new_zeros(())
    )
