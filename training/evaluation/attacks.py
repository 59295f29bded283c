"""What happens to a picture on its way through the world: compression, scaling, cropping, turning, colour.

Every attack is a function of the pixels and a random generator, and returns new pixels; equal seeds give equal results.
The codecs are real ones. The module knows pictures; it does not know what is to survive in them.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import TypeAlias

import cv2
import numpy as np
from numpy.random import Generator
from PIL import Image, ImageEnhance, ImageFilter

from core.media import Pixels

Attack: TypeAlias = Callable[[Pixels, Generator], Pixels]

_LEAST_SIDE = 8  # pixels: no attack makes a picture smaller than one JPEG block


def coded(pixels: Pixels, codec: str, quality: int) -> Pixels:
    """Through Pillow's encoder `codec` ("JPEG" with 4:2:0 chroma, "WEBP", "AVIF") at a quality of 1–100 and back."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, codec, quality=quality)
    with Image.open(buffer) as picture:
        return np.array(picture.convert("RGB"), dtype=np.uint8)


def resized(pixels: Pixels, factor: float, aspect: float = 1.0) -> Pixels:
    """Scaled by `factor` with Lanczos, the width by `aspect` times more, as upload pipelines do."""
    height, width = pixels.shape[:2]
    size = (max(_LEAST_SIDE, round(width * factor * aspect)), max(_LEAST_SIDE, round(height * factor)))
    return np.array(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS), dtype=np.uint8)


def fitted(pixels: Pixels, longest: int) -> Pixels:
    """Reduced so that the longest side is `longest` pixels; smaller pictures stay as they are."""
    return resized(pixels, min(1.0, longest / max(pixels.shape[:2])))


def cropped(pixels: Pixels, keep: float, rng: Generator) -> Pixels:
    """A window that keeps the share `keep` of both sides, anywhere in the picture."""
    height, width = (max(_LEAST_SIDE, round(side * keep)) for side in pixels.shape[:2])
    top = int(rng.integers(max(0, pixels.shape[0] - height) + 1))
    left = int(rng.integers(max(0, pixels.shape[1] - width) + 1))
    return pixels[top : top + height, left : left + width].copy()


def rotated(pixels: Pixels, degrees: float, rng: Generator) -> Pixels:
    """Turned to either side about its centre, bicubic, the size kept and the corners black."""
    height, width = pixels.shape[:2]
    signed = degrees if rng.integers(2) else -degrees
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), signed, 1.0)
    return np.asarray(cv2.warpAffine(pixels, matrix, (width, height), flags=cv2.INTER_CUBIC), dtype=np.uint8)


def _unchanged(pixels: Pixels, _: Generator) -> Pixels:
    return pixels.copy()


def _code(pixels: Pixels, _: Generator, codec: str, quality: int) -> Pixels:
    return coded(pixels, codec, quality)


def _resize(pixels: Pixels, _: Generator, factor: float, aspect: float = 1.0) -> Pixels:
    return resized(pixels, factor, aspect)


def _crop(pixels: Pixels, rng: Generator, keep: float) -> Pixels:
    return cropped(pixels, keep, rng)


def _rotate(pixels: Pixels, rng: Generator, degrees: float) -> Pixels:
    return rotated(pixels, degrees, rng)


def _crop_and_code(pixels: Pixels, rng: Generator, keep: float, quality: int) -> Pixels:
    return coded(cropped(pixels, keep, rng), "JPEG", quality)


def _screenshot(pixels: Pixels, rng: Generator) -> Pixels:
    """Shown smaller than it is, sharpened by the screen's scaler, captured and sent on as a JPEG."""
    small = Image.fromarray(resized(pixels, float(rng.uniform(0.75, 0.85))))
    sharp = small.filter(ImageFilter.UnsharpMask(radius=1.0, percent=80, threshold=0))
    return coded(np.asarray(sharp, dtype=np.uint8), "JPEG", 80)


def _two_hops(pixels: Pixels, _: Generator) -> Pixels:
    """Uploaded to one platform, saved, and uploaded to the next, which is stricter."""
    return coded(fitted(coded(fitted(pixels, 1080), "JPEG", 75), 720), "JPEG", 75)


def _enhance(pixels: Pixels, rng: Generator, kind: Callable[[Image.Image], ImageEnhance._Enhance]) -> Pixels:
    """Up or down by 20–30%."""
    change = float(rng.uniform(0.2, 0.3)) * (1 if rng.integers(2) else -1)
    return np.array(kind(Image.fromarray(pixels)).enhance(1 + change), dtype=np.uint8)


def _gamma(pixels: Pixels, rng: Generator) -> Pixels:
    power = 1.25 if rng.integers(2) else 0.8
    table = np.round(255 * (np.arange(256) / 255) ** power).astype(np.uint8)
    changed: Pixels = table[pixels]
    return changed


def _hue(pixels: Pixels, rng: Generator) -> Pixels:
    turned = np.array(Image.fromarray(pixels).convert("HSV"), dtype=np.uint8)
    turned[..., 0] += np.uint8(10 if rng.integers(2) else 246)  # of 256 steps: 14°
    return np.array(Image.fromarray(turned, "HSV").convert("RGB"), dtype=np.uint8)


def _blur(pixels: Pixels, _: Generator, sigma: float) -> Pixels:
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), sigma), dtype=np.uint8)


def _noise(pixels: Pixels, rng: Generator, deviation: float) -> Pixels:
    noisy = pixels + rng.normal(0, deviation, pixels.shape)
    return noisy.round().clip(0, 255).astype(np.uint8)


def _mirror(pixels: Pixels, _: Generator) -> Pixels:
    return pixels[:, ::-1].copy()


ATTACKS: Mapping[str, Attack] = MappingProxyType(
    {
        "none": _unchanged,
        "jpeg_90": partial(_code, codec="JPEG", quality=90),
        "jpeg_70": partial(_code, codec="JPEG", quality=70),
        "jpeg_50": partial(_code, codec="JPEG", quality=50),
        "webp_75": partial(_code, codec="WEBP", quality=75),
        "resize_0.5": partial(_resize, factor=0.5),
        "resize_0.75": partial(_resize, factor=0.75),
        "resize_2": partial(_resize, factor=2.0),
        "squeeze_10": partial(_resize, factor=1.0, aspect=0.9),
        "crop_10": partial(_crop, keep=0.9),
        "crop_25": partial(_crop, keep=0.75),
        "crop_to_a_quarter": partial(_crop, keep=0.5),
        "crop_25_jpeg_50": partial(_crop_and_code, keep=0.75, quality=50),
        "rotate_2": partial(_rotate, degrees=2.0),
        "rotate_5": partial(_rotate, degrees=5.0),
        "screenshot": _screenshot,
        "two_hops": _two_hops,
        "brightness": partial(_enhance, kind=ImageEnhance.Brightness),
        "contrast": partial(_enhance, kind=ImageEnhance.Contrast),
        "saturation": partial(_enhance, kind=ImageEnhance.Color),
        "gamma": _gamma,
        "hue": _hue,
        "blur_1": partial(_blur, sigma=1.0),
        "noise_5": partial(_noise, deviation=5.0),
        "mirror": _mirror,
    }
)
"""By name. `crop_10` and `crop_25` take that share off both sides; `crop_to_a_quarter` leaves a quarter of the area."""
