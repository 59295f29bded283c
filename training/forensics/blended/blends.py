"""How one picture is blended into another of the same size. `TRAINED` is learned from, `HELD_OUT` is never.

A blend takes the target, the source and a hard mask, and gives the blended picture and how much of each pixel is the
source's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from core.media import Pixels
from training.forensics.scripted.regions import Mask, soften

Floats: TypeAlias = NDArray[np.float32]
Blend: TypeAlias = Callable[[Pixels, Pixels, Mask, Generator], tuple[Pixels, Mask]]
"""(target, source: RGB uint8 (h, w, 3); mask: (h, w), 0 or 1; chance) → (blended, shares (h, w), 0–1)."""

_RATIOS = (0.5, 0.75, 1.0, 1.0, 1.0)  # how much of the source is seen where it is seen most
_LEVELS = 4  # of the pyramid
_EDGE = 2  # pixels: OpenCV's clone solves for what lies within the mask's bounds, which the picture's edge must not be


def feathered(target: Pixels, source: Pixels, mask: Mask, random: Generator) -> tuple[Pixels, Mask]:
    """The mask's edge fades by a Gaussian, narrow or wide."""
    sigma = float(np.exp(random.uniform(np.log(1.0), np.log(len(mask) / 16))))
    return _mixed(target, source, soften(mask, sigma), random)


def ramped(target: Pixels, source: Pixels, mask: Mask, random: Generator) -> tuple[Pixels, Mask]:
    """The share grows evenly from the mask's edge inwards."""
    inwards = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 5)
    width = min(random.uniform(2, len(mask) / 8), max(1.0, float(inwards.max())))
    return _mixed(target, source, np.clip(inwards / width, 0, 1).astype(np.float32), random)


def hard(target: Pixels, source: Pixels, mask: Mask, random: Generator) -> tuple[Pixels, Mask]:
    """Cut out and pasted: the edge is a pixel wide."""
    return _mixed(target, source, soften(mask, float(random.uniform(0.4, 0.9))), random)


def poisson(target: Pixels, source: Pixels, mask: Mask, _: Generator) -> tuple[Pixels, Mask]:
    """The source's gradients within the target's colours (Pérez et al. 2003)."""
    return _cloned(target, source, mask, cv2.NORMAL_CLONE)


def poisson_mixed(target: Pixels, source: Pixels, mask: Mask, _: Generator) -> tuple[Pixels, Mask]:
    """Of both pictures' gradients the stronger (Pérez et al. 2003)."""
    return _cloned(target, source, mask, cv2.MIXED_CLONE)


def multiband(target: Pixels, source: Pixels, mask: Mask, _: Generator) -> tuple[Pixels, Mask]:
    """Each band of frequencies over its own width (Burt & Adelson 1983)."""
    share = mask.copy()
    below, above = target.astype(np.float32), source.astype(np.float32)
    bands = []
    for _level in range(_LEVELS):
        lower, upper = (np.asarray(cv2.pyrDown(each), np.float32) for each in (below, above))
        size = below.shape[1::-1]
        bands.append(_between(below - cv2.pyrUp(lower, dstsize=size), above - cv2.pyrUp(upper, dstsize=size), share))
        below, above, share = lower, upper, np.asarray(cv2.pyrDown(share), np.float32)
    made = _between(below, above, share)
    for band in reversed(bands):
        made = np.asarray(cv2.pyrUp(made, dstsize=band.shape[1::-1]), np.float32) + band
    return np.clip(np.round(made), 0, 255).astype(np.uint8), soften(mask, 2.0)


TRAINED: Mapping[str, Blend] = {"feathered": feathered, "ramped": ramped, "hard": hard}
HELD_OUT: Mapping[str, Blend] = {"poisson": poisson, "poisson_mixed": poisson_mixed, "multiband": multiband}
BLENDS: Mapping[str, Blend] = {**TRAINED, **HELD_OUT}
"""Every blend by name."""


def _between(target: Floats, source: Floats, share: Mask) -> Floats:
    mixed: Floats = target + (source - target) * share[..., None]
    return mixed


def _mixed(target: Pixels, source: Pixels, share: Mask, random: Generator) -> tuple[Pixels, Mask]:
    ratio = np.float32(random.choice(_RATIOS))
    mixed = _between(target.astype(np.float32), source.astype(np.float32), share * ratio)
    return np.clip(np.round(mixed), 0, 255).astype(np.uint8), share


def _cloned(target: Pixels, source: Pixels, mask: Mask, how: int) -> tuple[Pixels, Mask]:
    inner = np.zeros(mask.shape, np.uint8)
    within = (slice(_EDGE, -_EDGE), slice(_EDGE, -_EDGE))
    inner[within] = mask[within].astype(np.uint8) * 255
    left, top, width, height = cv2.boundingRect(inner)
    middle = (left + width // 2, top + height // 2)
    share = (inner > 0).astype(np.float32)
    made = np.asarray(cv2.seamlessClone(source, target, inner, middle, how), dtype=np.uint8)  # it writes on the mask
    return made, share
