"""Attacks on a picture: by the gradient of a score, by noise of the same size, and through a decoder.

An attacker leaves a picture as it looks. The first two move no channel of no pixel by more than `reach` grey levels of
255, and every result is a picture that can be stored, uint8. Knows scores and pictures; knows no detector.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

import numpy as np
import torch
from numpy.random import Generator

from core.media import Pixels

Score: TypeAlias = Callable[[torch.Tensor], torch.Tensor]
"""Float32 RGB (1, 3, h, w), 0 to 255, to one number; differentiable."""
STEPS = 10
_OVER = 2.5
"""How much further than `reach` all steps together could lead, as in Madry et al."""


def descended(score: Score, pixels: Pixels, towards: int, reach: int, steps: int = STEPS) -> Pixels:
    """The picture that scores highest (towards 1) or lowest (-1) of those that `steps` steps along the gradient's sign
    lead to: projected gradient descent (Madry et al., ICLR 2018), begun at the picture itself.
    """
    start = torch.from_numpy(np.moveaxis(pixels, 2, 0)[None].astype(np.float32))
    low, high = (start - reach).clamp(min=0), (start + reach).clamp(max=255)
    moved, found, best = start, start, -np.inf
    with _differentiable():
        for step in range(steps + 1):
            stored = moved.round().requires_grad_()  # between whole levels a score may be reached that no file has
            reached = score(stored)
            if (gain := towards * reached.item()) > best:
                best, found = gain, stored.detach()
            if step < steps:
                (slope,) = torch.autograd.grad(reached, stored)
                moved = (moved + towards * _OVER * reach / steps * slope.sign()).clamp(low, high)
    return np.ascontiguousarray(found[0].permute(1, 2, 0).numpy().astype(np.uint8))


def shaken(pixels: Pixels, reach: int, rng: Generator) -> Pixels:
    """Every channel of every pixel `reach` levels up or down, by chance: as large as an attack can be, and blind."""
    signs = rng.integers(2, size=pixels.shape) * 2 - 1
    moved: Pixels = np.clip(pixels + reach * signs, 0, 255).astype(np.uint8)
    return moved


@contextmanager
def _differentiable() -> Iterator[None]:
    """Whatever the caller has switched off."""
    with torch.inference_mode(False), torch.enable_grad():
        yield
