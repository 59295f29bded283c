"""Makes small pictures from large ones, the way super-resolution is measured.

Bicubic reduction with antialiasing and a = −0.5, as in the benchmarks of the field; it knows nothing of noise, blur or
compression, and neither do the networks trained on it.
"""

from __future__ import annotations

import torch
from torch.nn import functional


def reduce_bicubic(images: torch.Tensor, scale: int) -> torch.Tensor:
    """(n, 3, h, w) floats in 0–1 to (n, 3, h/scale, w/scale), rounded to 8 bits as a stored picture would be."""
    height, width = images.shape[-2] // scale, images.shape[-1] // scale
    small = functional.interpolate(images, size=(height, width), mode="bicubic", antialias=True)
    return small.clamp(0, 1).mul(255).round().div(255)


def enlarge_bicubic(images: torch.Tensor, scale: int) -> torch.Tensor:
    """The baseline: (n, 3, h, w) floats in 0–1 to (n, 3, h·scale, w·scale)."""
    size = (images.shape[-2] * scale, images.shape[-1] * scale)
    # antialias selects a = −0.5; without it torch uses −0.75, which is 0.1–0.3 dB worse as a baseline.
    return functional.interpolate(images, size=size, mode="bicubic", antialias=True).clamp(0, 1)
