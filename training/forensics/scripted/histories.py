"""What a picture has been through before it is changed, and how it is stored afterwards.

The same draws serve manipulated pictures and untouched ones: a network that could tell the classes apart by their
encoding would learn nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.random import Generator

from core.media import Pixels

Codec = Literal["", "jpeg", "webp"]
_CHROMA = (cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444)
_FILTERS = (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_AREA, cv2.INTER_LANCZOS4)


@dataclass(frozen=True, slots=True)
class Coding:
    """codec: "" for none. quality: 1–100. chroma: OpenCV's sampling factor, for JPEG."""

    codec: Codec = ""
    quality: int = 0
    chroma: int = cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420


@dataclass(frozen=True, slots=True)
class History:
    """scale: of a resampling with the OpenCV filter. blur: sigma in pixels. noise: sigma in grey levels. gain, gamma:
    of the colours. 1, 0, 0, 1 and 1 change nothing.
    """

    scale: float = 1.0
    filter: int = cv2.INTER_LINEAR
    blur: float = 0.0
    noise: float = 0.0
    gain: float = 1.0
    gamma: float = 1.0
    coding: Coding = Coding()


@dataclass(frozen=True, slots=True)
class Delivery:
    """How the finished picture is stored: resampled by `scale`, then coded. JPEG blocks start at its corner."""

    scale: float = 1.0
    coding: Coding = Coding()


def draw_history(random: Generator) -> History:
    """Three in ten come as a camera's picture that was reduced, with nothing done to it since."""
    if random.random() < 0.3:
        return History()
    return History(
        scale=float(np.exp(random.uniform(np.log(0.5), np.log(1.6)))) if random.random() < 0.45 else 1.0,
        filter=int(random.choice(_FILTERS)),
        blur=float(random.uniform(0.4, 1.5)) if random.random() < 0.2 else 0.0,
        noise=float(random.uniform(0.7, 5.0)) if random.random() < 0.3 else 0.0,
        gain=float(random.uniform(0.8, 1.2)) if random.random() < 0.25 else 1.0,
        gamma=float(random.uniform(0.75, 1.3)) if random.random() < 0.25 else 1.0,
        coding=_coding(random, none=0.35, webp=0.05),
    )


def draw_delivery(random: Generator) -> Delivery:
    """A quarter stays as it is; the others are coded, one in five of them resampled before."""
    scale = float(random.uniform(0.8, 1.25)) if random.random() < 0.2 else 1.0
    return Delivery(scale, _coding(random, none=0.25, webp=0.12))


def window(photograph: Pixels, history: History, side: int, random: Generator) -> Pixels:
    """A square of `side` pixels from anywhere in a photograph that has been through a history, turned or mirrored.

    Where the scale asks for more than the photograph has, all that fits of it is enlarged.
    """
    taken = min(round(side / history.scale), *photograph.shape[:2])
    top, left = (int(random.integers(length - taken + 1)) for length in photograph.shape[:2])
    cut = np.rot90(photograph[top : top + taken, left : left + taken], int(random.integers(4)))
    cut = np.ascontiguousarray(cut[:, ::-1] if random.random() < 0.5 else cut)
    if taken != side:
        shrinking = cv2.INTER_AREA if taken > 1.5 * side else history.filter
        cut = np.asarray(cv2.resize(cut, (side, side), interpolation=shrinking), dtype=np.uint8)
    return live_through(cut, history, random)


def live_through(pixels: Pixels, history: History, random: Generator) -> Pixels:
    """Everything of a history but its resampling."""
    values = pixels.astype(np.float32)
    if history.blur:
        values = np.asarray(cv2.GaussianBlur(values, (0, 0), history.blur), dtype=np.float32)
    if history.gain != 1 or history.gamma != 1:
        values = 255 * (np.clip(values * history.gain, 0, 255) / 255) ** history.gamma
    if history.noise:
        values = values + random.standard_normal(values.shape, dtype=np.float32) * history.noise
    return coded(_whole(values), history.coding)


def deliver(pixels: Pixels, how: Delivery) -> Pixels:
    """The picture as it is received."""
    if how.scale != 1:
        size = tuple(round(length * how.scale) for length in pixels.shape[1::-1])
        pixels = np.asarray(
            cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if how.scale < 1 else cv2.INTER_CUBIC)
        )
    return coded(pixels.astype(np.uint8), how.coding)


def coded(pixels: Pixels, coding: Coding) -> Pixels:
    """What is left of RGB uint8 after coding and decoding."""
    if not coding.codec:
        return pixels
    if coding.codec == "jpeg":
        options = [cv2.IMWRITE_JPEG_QUALITY, coding.quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, coding.chroma]
    else:
        options = [cv2.IMWRITE_WEBP_QUALITY, coding.quality]
    _, data = cv2.imencode(f".{coding.codec}", pixels[..., ::-1], options)
    return np.ascontiguousarray(np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), dtype=np.uint8)[..., ::-1])


def _coding(random: Generator, none: float, webp: float) -> Coding:
    kind: Codec = ("", "webp", "jpeg")[int(random.choice(3, p=(none, webp, 1 - none - webp)))]
    quality = int(random.integers(60, 100, endpoint=True))
    return Coding(kind, min(quality, 95) if kind == "webp" else quality, int(random.choice(_CHROMA, p=(0.75, 0.25))))


def _whole(values: np.typing.NDArray[np.float32]) -> Pixels:
    return np.clip(np.round(values), 0, 255).astype(np.uint8)
