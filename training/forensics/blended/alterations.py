"""How a copy of a picture differs from it before the two are blended: in look and in place, a little of each.

After Shiohara & Yamasaki (CVPR 2022, "Detecting deepfakes with self-blended images"). Knows pictures, and no blending.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator

from core.media import Pixels
from training.forensics.scripted.histories import Coding, coded

_MOVED = 0.03  # of the side
_STRETCHED = 0.05
_QUALITY = (50, 95)
_PLAIN = Coding()


@dataclass(frozen=True, slots=True)
class Look:
    """shift: added to R, G, B, grey levels. contrast: about the mean. saturation: about grey. sharpen: of an unsharp
    mask; below 0 it blurs. reduce: to which share of its sides the copy was reduced and enlarged again. noise: sigma in
    grey levels. coding: it went through.
    """

    shift: tuple[float, float, float] = (0.0, 0.0, 0.0)
    contrast: float = 1.0
    saturation: float = 1.0
    sharpen: float = 0.0
    reduce: float = 1.0
    noise: float = 0.0
    coding: Coding = _PLAIN


@dataclass(frozen=True, slots=True)
class Place:
    """right, down: pixels. wide, high: factors about the middle."""

    right: float = 0.0
    down: float = 0.0
    wide: float = 1.0
    high: float = 1.0


def draw_look(random: Generator) -> Look:
    """At least one of colours, sharpness, noise and coding differs."""
    drawn = random.random(4) < (0.65, 0.5, 0.2, 0.35)
    drawn[int(random.integers(4))] |= not drawn.any()
    colours, sharpness, noise, coding = drawn
    shift = random.uniform(-22, 22, 3) if colours else np.zeros(3)
    reduces = bool(sharpness and random.random() < 0.5)
    return Look(
        shift=(float(shift[0]), float(shift[1]), float(shift[2])),
        contrast=float(random.uniform(0.82, 1.2)) if colours else 1.0,
        saturation=float(random.uniform(0.6, 1.4)) if colours else 1.0,
        sharpen=float(random.choice((-1, 1)) * random.uniform(0.4, 1.6)) if sharpness and not reduces else 0.0,
        reduce=float(random.uniform(0.3, 0.8)) if reduces else 1.0,
        noise=float(random.uniform(1.0, 6.0)) if noise else 0.0,
        coding=Coding("jpeg", int(random.integers(*_QUALITY, endpoint=True))) if coding else _PLAIN,
    )


def draw_place(random: Generator, side: int) -> Place:
    """Three in four are moved and stretched, by up to a thirtieth and a twentieth."""
    if random.random() >= 0.75:
        return Place()
    right, down = random.uniform(-_MOVED, _MOVED, 2) * side
    wide, high = 1 + random.uniform(-_STRETCHED, _STRETCHED, 2)
    return Place(float(right), float(down), float(wide), float(high))


def looking(pixels: Pixels, look: Look, random: Generator) -> Pixels:
    """RGB uint8 (h, w, 3) with another look."""
    values = _sharpness(pixels.astype(np.float32), look)
    if look.contrast != 1:
        values = (values - values.mean()) * np.float32(look.contrast) + values.mean()
    if look.saturation != 1:
        grey = values.mean(axis=2, keepdims=True)
        values = grey + (values - grey) * np.float32(look.saturation)
    values = values + np.asarray(look.shift, np.float32)
    if look.noise:
        values = values + random.standard_normal(values.shape, dtype=np.float32) * np.float32(look.noise)
    return coded(np.clip(np.round(values), 0, 255).astype(np.uint8), look.coding)


def placed(pixels: Pixels, place: Place) -> Pixels:
    """RGB uint8 (h, w, 3), moved and stretched; mirrored at the edges."""
    if place == Place():
        return pixels
    height, width = pixels.shape[:2]
    across = (1 - place.wide) * width / 2 + place.right
    down = (1 - place.high) * height / 2 + place.down
    matrix = np.array([[place.wide, 0, across], [0, place.high, down]])
    moved = cv2.warpAffine(pixels, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
    return np.asarray(moved, dtype=np.uint8)


def _sharpness(values: np.typing.NDArray[np.float32], look: Look) -> np.typing.NDArray[np.float32]:
    if look.reduce != 1:
        size = tuple(max(1, round(length * look.reduce)) for length in values.shape[1::-1])
        small = cv2.resize(values, size, interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.resize(small, values.shape[1::-1], interpolation=cv2.INTER_LINEAR), np.float32)
    if look.sharpen < 0:
        return np.asarray(cv2.GaussianBlur(values, (0, 0), -look.sharpen), np.float32)
    if look.sharpen > 0:
        soft = np.asarray(cv2.GaussianBlur(values, (0, 0), 1.2), np.float32)
        return values + np.float32(look.sharpen) * (values - soft)
    return values
