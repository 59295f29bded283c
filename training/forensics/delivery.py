"""How a picture reaches whoever looks at it: resized and compressed. Drawn once, then done to both of a pair alike.

Knows pictures; does not know which of them is real.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from core.media import Pixels

Codec = Literal["png", "jpeg", "webp"]
_RESIZED = 0.35  # of deliveries
_SCALES = (0.5, 1.5)
_WAYS = (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_AREA, cv2.INTER_LANCZOS4)
_CODECS: tuple[Codec, ...] = ("png", "jpeg", "webp")
_SHARES = (0.4, 0.45, 0.15)
_QUALITIES = (60, 98)


@dataclass(frozen=True, slots=True)
class Delivery:
    """scale: of both sides. way: OpenCV's interpolation. quality: of JPEG and WebP, 1–100; PNG has none."""

    scale: float = 1.0
    way: int = cv2.INTER_AREA
    codec: Codec = "png"
    quality: int = 0

    def __call__(self, picture: Pixels) -> Pixels:
        """RGB uint8 (h, w, 3) → the same as it arrives, its sides scaled and rounded."""
        if self.scale != 1:
            height, width = (max(1, round(side * self.scale)) for side in picture.shape[:2])
            picture = np.asarray(cv2.resize(picture, (width, height), interpolation=self.way), np.uint8)
        return picture if self.codec == "png" else _coded(picture, self.codec, self.quality)


def drawn(rng: np.random.Generator) -> Delivery:
    """A third is resized by 0.5–1.5; JPEG and WebP, of quality 60–98, are three in five."""
    resized = rng.random() < _RESIZED
    scale = float(np.exp(rng.uniform(*np.log(_SCALES)))) if resized else 1.0
    codec = _CODECS[int(rng.choice(len(_CODECS), p=_SHARES))]
    quality = int(rng.integers(*_QUALITIES, endpoint=True)) if codec != "png" else 0
    return Delivery(scale, int(rng.choice(_WAYS)), codec, quality)


def _coded(picture: Pixels, codec: Codec, quality: int) -> Pixels:
    flag = cv2.IMWRITE_JPEG_QUALITY if codec == "jpeg" else cv2.IMWRITE_WEBP_QUALITY
    _, data = cv2.imencode(f".{codec}", picture[..., ::-1], [flag, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR_RGB), np.uint8)
