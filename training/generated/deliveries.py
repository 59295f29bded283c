"""How pictures arrive: made smaller or cut, and encoded. Both classes alike, so that none of it tells them apart."""

from __future__ import annotations

import io
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

from core.media import Pixels

LEAST, MOST = 224, 512
_ASPECTS = (1.0, 4 / 3, 3 / 2)


@dataclass(frozen=True, slots=True)
class Delivery:
    """scale: of the sides. height, width: of what is cut out then, from `place` (0 to 1 of what is left, down and
    right). codec: Pillow's name. quality: of JPEG and WebP.
    """

    scale: float
    height: int
    width: int
    place: tuple[float, float]
    codec: str
    quality: int


def draw(rng: np.random.Generator, height: int, width: int) -> Delivery:
    """Half of them show the whole picture made smaller, half a part of it at 0.4 to 1 of its size; the shorter side
    of both is 224 to 512 pixels, or less where the picture is small.
    """
    short = min(height, width)
    side = min(short, round(float(np.exp(rng.uniform(np.log(LEAST), np.log(MOST))))))
    scale = side / short if rng.random() < 0.5 else max(side / short, float(rng.uniform(0.4, 1.0)))
    aspect = float(rng.choice(_ASPECTS))
    sides = (side, round(side * aspect)) if rng.random() < 0.5 else (round(side * aspect), side)
    cut = [min(wanted, max(1, round(whole * scale))) for wanted, whole in zip(sides, (height, width), strict=True)]
    codec = str(rng.choice(["JPEG", "WEBP", "PNG"], p=[0.6, 0.25, 0.15]))
    return Delivery(scale, cut[0], cut[1], (rng.random(), rng.random()), codec, int(rng.integers(50, 96)))


def deliver(pixels: Pixels, delivery: Delivery) -> Pixels:
    """What arrives, decoded again: RGB uint8."""
    if delivery.scale < 1:
        size = tuple(max(1, round(side * delivery.scale)) for side in (pixels.shape[1], pixels.shape[0]))
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    top = round((pixels.shape[0] - delivery.height) * delivery.place[0])
    left = round((pixels.shape[1] - delivery.width) * delivery.place[1])
    part = pixels[top : top + delivery.height, left : left + delivery.width]
    return encoded(part, delivery.codec, delivery.quality)


def encoded(pixels: Pixels, codec: str, quality: int) -> Pixels:
    """Through a file and back. quality: without effect on PNG."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, codec, quality=quality)
    with Image.open(buffer) as picture:
        return np.asarray(picture.convert("RGB"), np.uint8)
