"""Wears patches out as pictures on their way through cameras, editors and networks are: by chance, in several rounds.

After X. Wang et al., "Real-ESRGAN: Training Real-World Blind Super-Resolution with Pure Synthetic Data" (ICCVW 2021):
each round blurs, resizes, adds noise and compresses, and may leave out any of these.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from training.metrics import Picture
from training.restorers.recipe import Round

_FILTERS = (cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_CUBIC)
_REACH = 3  # σ that a Gaussian's window holds
_LARGEST = 10  # pixels from the middle of a blur's window: 21 a side, as in the paper
_BLOCK = 8  # side of JPEG's blocks, pixels
_SMALLEST = 16  # pixels that a resized patch keeps a side


def worn(patch: Picture, rounds: Sequence[Round], scale: int, random: np.random.Generator) -> Picture:
    """RGB uint8 (side, side, 3) → RGB uint8 (side/scale, side/scale, 3), the side being a multiple of the scale.

    The last round's resizing ends at that size, by one of three filters, whatever the rounds before did.
    """
    side = patch.shape[0] // scale
    for number, each in enumerate(rounds):
        if random.random() >= each.skipped:
            patch = blurred(patch, each, random)
        low, high = each.resize
        factor = math.exp(random.uniform(math.log(low), math.log(high)))  # half as large as often as twice as large
        last = number == len(rounds) - 1
        patch = _resized(patch, side if last else max(round(factor * patch.shape[0]), _SMALLEST), random)
        if random.random() >= each.skipped:
            patch = noisy(patch, each, random)
        if random.random() >= each.skipped:
            patch = recoded(patch, round(random.uniform(*each.jpeg)), random)
    return patch


def blurred(patch: Picture, how: Round, random: np.random.Generator) -> Picture:
    """By a Gaussian of other widths along its two axes, turned anyhow, or by a disc as a lens out of focus."""
    kernel = _disc if random.random() < how.discs else _gaussian
    return np.asarray(cv2.filter2D(patch, -1, kernel(how, random), borderType=cv2.BORDER_REFLECT_101), np.uint8)


def noisy(patch: Picture, how: Round, random: np.random.Generator) -> Picture:
    """By what a sensor reads, the same everywhere, or by the light's own, which grows with the root of brightness.

    One kind or the other, σ drawn from the round's range: of the light's, at white. A share of patches has the same
    noise in all three colours.
    """
    height, width, colours = patch.shape
    shape = (height, width, 1 if random.random() < how.grey else colours)
    sigma = np.float32(random.uniform(*how.noise))
    noise = random.standard_normal(shape, np.float32) * sigma
    if random.random() < how.light:
        noise = noise * np.sqrt(patch.astype(np.float32) / 255)
    made: Picture = np.rint(np.clip(patch + noise, 0, 255)).astype(np.uint8)
    return made


def recoded(patch: Picture, quality: int, random: np.random.Generator) -> Picture:
    """As libjpeg gives it back, colour at half the resolution; its blocks begin anywhere, as in a cut picture."""
    top, left = (int(offset) for offset in random.integers(_BLOCK, size=2))
    larger = cv2.copyMakeBorder(patch, top, 0, left, 0, cv2.BORDER_REFLECT_101)
    _, file = cv2.imencode(".jpg", larger[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = cv2.imdecode(file, cv2.IMREAD_COLOR)
    if decoded is None:
        raise RuntimeError("OpenCV cannot read the JPEG that it just wrote")
    return np.asarray(decoded[top:, left:, ::-1], np.uint8)


def _gaussian(how: Round, random: np.random.Generator) -> NDArray[np.float32]:
    first, second = random.uniform(*how.blur, size=2)
    angle = random.uniform(0, math.pi)
    across, down = _places(min(math.ceil(_REACH * max(first, second)), _LARGEST))
    along = across * math.cos(angle) + down * math.sin(angle)
    aside = down * math.cos(angle) - across * math.sin(angle)
    return _whole(np.exp(-(np.square(along / first) + np.square(aside / second)) / 2))


def _disc(how: Round, random: np.random.Generator) -> NDArray[np.float32]:
    radius = 2 * random.uniform(*how.blur)  # a disc of that radius is as wide as the Gaussian
    across, down = _places(min(math.ceil(radius), _LARGEST))
    return _whole(np.clip(radius + 0.5 - np.hypot(across, down), 0, 1))  # its rim is as steep as a pixel is wide


def _places(reach: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How far each place of a window is from its middle, across and down, pixels."""
    line = np.arange(-reach, reach + 1, dtype=np.float64)
    return line[None, :], line[:, None]


def _whole(weights: NDArray[np.float64]) -> NDArray[np.float32]:
    return np.asarray(weights / weights.sum(), np.float32)


def _resized(patch: Picture, side: int, random: np.random.Generator) -> Picture:
    how = _FILTERS[int(random.integers(len(_FILTERS)))]
    return np.asarray(cv2.resize(patch, (side, side), interpolation=how), np.uint8)
