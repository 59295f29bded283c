"""What is done to a picture, each with the mask of what it changed. `OPERATIONS` is the list.

An operation changes pixels inside its mask only, apart from a soft edge. The mask of a copy is the copy: where it came
from is untouched.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from core.media import Pixels
from training.forensics.scripted import histories, regions
from training.forensics.scripted.regions import Mask

_LEAST, _MOST = 0.02, 0.30  # share of the square's area
_MOST_REMOVED = 0.12  # what OpenCV inpaints is small: it smears
_RADIUS = 3  # of OpenCV's inpainting, pixels
_CELL = 8  # of an autoencoder, pixels


@dataclass(frozen=True, eq=False, slots=True)
class Materials:
    """What operations take from elsewhere.

    donors: photographs, RGB uint8. sprites: RGBA uint8. rebuild: RGB uint8, its sides multiples of 8, to what a
    generator's decoder makes of it.
    """

    donors: Sequence[Pixels]
    sprites: Sequence[Pixels]
    rebuild: Callable[[Pixels], Pixels]


Operation: TypeAlias = Callable[[Pixels, Materials, Generator], tuple[Pixels, Mask]]
"""(square RGB uint8 (s, s, 3), materials, chance) → (the same manipulated, where)."""


def splice(host: Pixels, materials: Materials, random: Generator) -> tuple[Pixels, Mask]:
    """A part of another photograph, which has its own history."""
    donor = materials.donors[int(random.integers(len(materials.donors)))]
    pasted = histories.window(donor, histories.draw_history(random), len(host), random)
    return _pasted(host, pasted, _region(host, random), random)


def sprite(host: Pixels, materials: Materials, random: Generator) -> tuple[Pixels, Mask]:
    """A drawing, with noise and colours of its own."""
    drawing = materials.sprites[int(random.integers(len(materials.sprites)))]
    side, size = len(host), int(random.integers(len(host) // 5, len(host) * 3 // 5))
    scaled = np.asarray(cv2.resize(drawing, (size, size), interpolation=cv2.INTER_AREA))
    top, left = random.integers(side - size + 1, size=2)
    canvas, alpha = host.copy(), np.zeros((side, side), np.float32)
    canvas[top : top + size, left : left + size] = scaled[..., :3]
    alpha[top : top + size, left : left + size] = scaled[..., 3] / np.float32(255)
    lived = histories.live_through(canvas, histories.draw_history(random), random)
    return _mixed(host, lived, alpha), alpha


def removal_telea(host: Pixels, _: Materials, random: Generator) -> tuple[Pixels, Mask]:
    """Filled from around by Telea's fast marching."""
    return _removed(host, cv2.INPAINT_TELEA, random)


def removal_ns(host: Pixels, _: Materials, random: Generator) -> tuple[Pixels, Mask]:
    """Filled from around by Navier–Stokes."""
    return _removed(host, cv2.INPAINT_NS, random)


def rebuilt(host: Pixels, materials: Materials, random: Generator) -> tuple[Pixels, Mask]:
    """What an autoencoder's decoder makes of the part, as inpainting with a latent model leaves it."""
    mask, other = _region(host, random), host.copy()
    box = tuple(_around(mask.max(axis=axis) > 0) for axis in (1, 0))
    made = materials.rebuild(host[box]).astype(np.float32)
    # Its colours drift on what it was not trained on, which whoever inpaints would correct, and which gives it away.
    drift = cv2.GaussianBlur(host[box] - made, (0, 0), _CELL)
    other[box] = np.clip(made + drift, 0, 255).round().astype(np.uint8)
    return _pasted(host, other, mask, random)


def copy_move(host: Pixels, _: Materials, random: Generator) -> tuple[Pixels, Mask]:
    """A part of the same picture over another one, turned and scaled in half of the cases."""
    side, mask = len(host), _region(host, random)
    turned = random.random() < 0.5
    angle, scale = (random.uniform(-180, 180), np.exp(random.uniform(-0.3, 0.3))) if turned else (0.0, 1.0)
    matrix = np.asarray(cv2.getRotationMatrix2D((side / 2, side / 2), angle, scale), dtype=np.float64)
    matrix[:, 2] += random.choice((-1, 1), 2) * np.round(random.uniform(0.2, 0.45, 2) * side)
    moved = cv2.warpAffine(host, matrix, (side, side), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
    return _pasted(host, np.asarray(moved, dtype=np.uint8), mask, random)


def blurred(host: Pixels, _: Materials, random: Generator) -> tuple[Pixels, Mask]:
    """Retouched with a soft brush."""
    soft = cv2.GaussianBlur(host, (0, 0), random.uniform(0.8, 3.0))
    return _pasted(host, np.asarray(soft, dtype=np.uint8), _region(host, random), random)


def sharpened(host: Pixels, _: Materials, random: Generator) -> tuple[Pixels, Mask]:
    """Retouched with an unsharp mask."""
    values = host.astype(np.float32)
    soft = cv2.GaussianBlur(values, (0, 0), random.uniform(0.8, 2.0))
    sharp = np.clip(values + random.uniform(0.7, 2.0) * (values - soft), 0, 255).round().astype(np.uint8)
    return _pasted(host, sharp, _region(host, random), random)


def noised(host: Pixels, _: Materials, random: Generator) -> tuple[Pixels, Mask]:
    """With grain that the rest has not."""
    grain = random.standard_normal(host.shape, dtype=np.float32) * np.float32(random.uniform(2.0, 8.0))
    return _pasted(host, np.clip(host + grain, 0, 255).round().astype(np.uint8), _region(host, random), random)


OPERATIONS: Mapping[str, Operation] = {
    "splice": splice,
    "sprite": sprite,
    "removal_telea": removal_telea,
    "removal_ns": removal_ns,
    "rebuilt": rebuilt,
    "copy_move": copy_move,
    "blurred": blurred,
    "sharpened": sharpened,
    "noised": noised,
}
"""Every operation by name."""


def _around(occupied: NDArray[np.bool_]) -> slice:
    """From a cell before the first True to one after the last, in whole cells. The length MUST be whole cells."""
    places = np.flatnonzero(occupied)
    first, last = int(places[0]) // _CELL - 1, int(places[-1]) // _CELL + 2
    return slice(max(0, first) * _CELL, min(len(occupied) // _CELL, last) * _CELL)


def _region(host: Pixels, random: Generator, most: float = _MOST) -> Mask:
    return regions.draw(random, len(host), _LEAST, most)


def _removed(host: Pixels, method: int, random: Generator) -> tuple[Pixels, Mask]:
    mask = _region(host, random, _MOST_REMOVED)
    filled = cv2.inpaint(host, mask.astype(np.uint8), _RADIUS, method)
    return np.asarray(filled, dtype=np.uint8), mask


def _pasted(host: Pixels, other: Pixels, mask: Mask, random: Generator) -> tuple[Pixels, Mask]:
    """`other` over `host` within the mask, its edge hard or soft by up to two pixels."""
    edge = regions.soften(mask, float(random.uniform(0.5, 2.0)) if random.random() < 0.6 else 0.0)
    return _mixed(host, other, edge), mask


def _mixed(host: Pixels, other: Pixels, share: NDArray[np.float32]) -> Pixels:
    mixed = other * share[..., None] + host * (1 - share[..., None])
    return mixed.round().clip(0, 255).astype(np.uint8)
